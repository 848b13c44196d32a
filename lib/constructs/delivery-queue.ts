import { Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type ITopic, Subscription, SubscriptionFilter, SubscriptionProtocol } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Channel, NotificationType } from '../../shared/notifications/notification.ts';
import { acknowledge } from '../acknowledge.ts';
import type { ServiceFunction } from './service-function.ts';

/** How hard a queue drives its Lambda. */
export interface Pace {
  /** Tries, 90 seconds apart, before a message is given up. */
  readonly maximumReceives: number;
  readonly batchSize: number;
  /** Batches at one moment: bounds how fast we ask the provider, which throttles senders by the second. */
  readonly maximumConcurrency: number;
}

export interface DeliveryQueueProps {
  readonly channel: Channel;
  /** The events that wait here. */
  readonly types: readonly NotificationType[];
  readonly pace: Pace;
  readonly key: IKey;
  readonly topics: Readonly<Record<string, ITopic>>;
}

/** Six times what the Lambda may run, as Lambda asks for, and longer than a delivery's claim. */
const visibilitySeconds = 90;

/** Messages of one channel, filtered off the topics, and the queue for those that could not be delivered. */
export class DeliveryQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  private readonly pace: Pace;

  constructor(scope: Construct, id: string, { channel, types, pace, key, topics }: DeliveryQueueProps) {
    super(scope, id);
    this.pace = pace;
    const encrypted = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true };
    this.deadLetters = new Queue(this, 'DeadLetters', { ...encrypted, retentionPeriod: Duration.days(14) });
    acknowledge(
      this.deadLetters,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue: SQS moves to it what could not be delivered, SNS what it could not hand over.',
    );
    this.queue = new Queue(this, 'Queue', {
      ...encrypted,
      visibilityTimeout: Duration.seconds(visibilitySeconds),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: pace.maximumReceives },
    });
    this.takeFrom(Object.values(topics));
    const filterPolicy = {
      channel: SubscriptionFilter.stringFilter({ allowlist: [channel] }),
      type: SubscriptionFilter.stringFilter({ allowlist: [...types] }),
    };
    for (const [name, topic] of Object.entries(topics)) {
      // The construct for queues would name our topics in the key's policy, which lies in the other stack.
      new Subscription(this, name, {
        topic,
        protocol: SubscriptionProtocol.SQS,
        endpoint: this.queue.queueArn,
        rawMessageDelivery: true,
        filterPolicy,
        deadLetterQueue: this.deadLetters,
      });
    }
  }

  /** Feeds a Lambda, which has to have the right to take messages from here. */
  feed(target: ServiceFunction): void {
    const { batchSize, maximumConcurrency } = this.pace;
    new EventSourceMapping(this, 'Messages', {
      target: target.live,
      eventSourceArn: this.queue.queueArn,
      batchSize,
      reportBatchItemFailures: true,
      maxConcurrency: maximumConcurrency,
    });
  }

  private takeFrom(topics: readonly ITopic[]): void {
    this.queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [this.queue.queueArn],
        conditions: {
          ArnEquals: { 'aws:SourceArn': topics.map(({ topicArn }) => topicArn) },
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        },
      }),
    );
  }
}
