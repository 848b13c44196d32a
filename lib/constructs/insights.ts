import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ServiceFunction } from './service-function.ts';

export interface InsightsProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

const timeoutSeconds = 60;

/** Counts orders for reports and recommendations, from the stream of the Orders table. */
export class Insights extends Construct {
  readonly counter: ServiceFunction;
  /** Where in the stream the records stand that could not be counted. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, data }: InsightsProps) {
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
      'This is a dead-letter queue: Lambda sends to it where records stand that could not be counted.',
    );
    this.counter = new ServiceFunction(this, 'Counter', {
      name: 'insights',
      description: 'Counts orders for reports and recommendations, from the stream of the Orders table',
      settings,
      data,
      timeoutSeconds,
      tables: { insights: ['BatchGetItem', 'PutItem', 'UpdateItem'] },
    });
    this.counter.allow(
      ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      [tableStreamArn],
    );
    // Lambda asks for it when the mapping is made, and the action knows no resources.
    this.counter.allow(['dynamodb:ListStreams'], ['*']);
    this.counter.allow(['sqs:SendMessage'], [this.deadLetters.queueArn]);
    this.counter.allowKeyThrough('sqs');
    this.consume(tableStreamArn);
  }

  private consume(eventSourceArn: string): void {
    new EventSourceMapping(this, 'OrderChanges', {
      target: this.counter.live,
      eventSourceArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Payments and waiting checkouts lie in the same table.
      filters: [FilterCriteria.filter({ dynamodb: { Keys: { sk: { S: FilterRule.isEqual('ORDER') } } } })],
      batchSize: 100,
      // A report may be a few seconds behind; fuller batches need fewer transactions on the same counters.
      maxBatchingWindow: Duration.seconds(2),
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      retryAttempts: 10,
      onFailure: { bind: () => ({ destination: this.deadLetters.queueArn }) },
    });
  }
}
