import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ServiceFunction } from './service-function.ts';
import { allowStreams, onFailedRecords, streamDeadLetters, streamOf } from './table-stream.ts';

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
    const changes = streamOf(data, 'orders');
    this.deadLetters = streamDeadLetters(this, data.key, 'records stand that could not be counted');
    this.counter = new ServiceFunction(this, 'Counter', {
      name: 'insights',
      description: 'Counts orders for reports and recommendations, from the stream of the Orders table',
      settings,
      data,
      timeoutSeconds,
      tables: { insights: ['BatchGetItem', 'PutItem', 'UpdateItem'] },
    });
    allowStreams(this.counter, [changes], this.deadLetters);
    this.consume(changes);
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
      ...onFailedRecords(this.deadLetters),
    });
  }
}
