import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { Messaging } from './messaging.ts';
import { ServiceFunction } from './service-function.ts';

export interface OrderNoticesProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly messaging: Messaging;
}

const timeoutSeconds = 15;

/** Tells customers of what happens to an order outside its checkout, from the stream of the Orders table. */
export class OrderNotices extends Construct {
  readonly teller: ServiceFunction;
  /** Where in the stream the records stand that could not be told about. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, data, messaging }: OrderNoticesProps) {
    super(scope, id);
    const { tableStreamArn } = data.tables.orders.table;
    if (!tableStreamArn) throw new Error('The Orders table has no stream');
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: data.key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.deadLetters,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue: Lambda sends to it where records stand that could not be told about.',
    );
    this.teller = new ServiceFunction(this, 'Teller', {
      name: 'order-notices',
      description: 'Tells customers that an order is held, approved, shipped or delivered',
      settings,
      data,
      timeoutSeconds,
      tables: { idempotency: ['PutItem', 'UpdateItem'] },
      environment: { ORDER_NOTIFICATIONS_TOPIC_ARN: messaging.orderNotifications.topicArn },
    });
    this.teller.allow(['sns:Publish'], [messaging.orderNotifications.topicArn]);
    this.teller.allowKeyThrough('sns');
    this.teller.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      [tableStreamArn],
    );
    // Lambda asks for it when the mapping is made, and the action knows no resources.
    this.teller.allow(['dynamodb:ListStreams'], ['*']);
    this.teller.allow(['sqs:SendMessage'], [this.deadLetters.queueArn]);
    this.teller.allowKeyThrough('sqs');
    this.consume(tableStreamArn);
  }

  private consume(eventSourceArn: string): void {
    const keys = { sk: { S: FilterRule.isEqual('ORDER') } };
    const become = (...statuses: string[]) => ({ status: { S: FilterRule.or(...statuses) } });
    new EventSourceMapping(this, 'OrderChanges', {
      target: this.teller.live,
      eventSourceArn,
      // Orders that moved before this was deployed are not told about anew.
      startingPosition: StartingPosition.LATEST,
      filters: [
        FilterCriteria.filter({
          dynamodb: { Keys: keys, NewImage: become('OnHold', 'Shipped', 'Delivered') },
        }),
        // What was approved has gone through when it is paid; other paid orders are none of this Lambda's.
        FilterCriteria.filter({
          dynamodb: { Keys: keys, OldImage: become('OnHold'), NewImage: become('Paid') },
        }),
      ],
      batchSize: 10,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      onFailure: { bind: () => ({ destination: this.deadLetters.queueArn }) },
    });
  }
}
