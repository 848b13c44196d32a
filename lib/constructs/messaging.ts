import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';

export interface MessagingProps {
  readonly key: IKey;
  readonly alarmEmail: string | undefined;
}

/** Topics that customers, staff and operators are told on, and the queue for what could not be told. */
export class Messaging extends Construct {
  /** What happens to an order: to its customer, and alerts to staff. */
  readonly orderNotifications: Topic;
  /** What concerns the account: codes, new devices, profile reminders. */
  readonly userNotifications: Topic;
  readonly operatorAlarms: Topic;
  /** Notifications, analytics and audit entries of checkouts that failed for good, kept to be redriven. */
  readonly checkoutDeadLetters: Queue;

  constructor(scope: Construct, id: string, { key, alarmEmail }: MessagingProps) {
    super(scope, id);
    const topic = (topicId: string) => new Topic(this, topicId, { masterKey: key, enforceSSL: true });
    this.orderNotifications = topic('OrderNotifications');
    this.userNotifications = topic('UserNotifications');
    this.operatorAlarms = topic('OperatorAlarms');
    // The topic's own policy, which asks for TLS, takes the place of the default one that lets the account publish.
    this.operatorAlarms.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.operatorAlarms.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (alarmEmail) this.operatorAlarms.addSubscription(new EmailSubscription(alarmEmail));

    this.checkoutDeadLetters = new Queue(this, 'CheckoutDeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.checkoutDeadLetters,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue: the checkout state machine sends to it what its tasks could not deliver.',
    );
  }
}
