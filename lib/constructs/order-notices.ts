import {
  EventSourceMapping,
  type EventSourceMappingProps,
  FilterCriteria,
  FilterRule,
  MetricType,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { Analytics } from './analytics.ts';
import type { Messaging } from './messaging.ts';
import { ServiceFunction } from './service-function.ts';
import { allowStreams, onFailedRecords, streamDeadLetters, streamOf } from './table-stream.ts';

export interface OrderNoticesProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly messaging: Messaging;
  readonly analytics: Analytics;
}

const timeoutSeconds = 15;

/**
 * Tells customers and staff of what happens to an order outside its checkout, and the staff of products that run low,
 * from the streams of the Orders and the Products table.
 */
export class OrderNotices extends Construct {
  readonly teller: ServiceFunction;
  /** Hands over the changes of orders, and counts what it hands over apart from the products'. */
  readonly orderChanges: EventSourceMapping;
  /** Where in the stream the records stand that could not be told about. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, data, messaging, analytics }: OrderNoticesProps) {
    super(scope, id);
    const [orderChanges, productChanges] = [streamOf(data, 'orders'), streamOf(data, 'products')];
    this.deadLetters = streamDeadLetters(this, data.key, 'records stand that could not be told about');
    this.teller = new ServiceFunction(this, 'Teller', {
      name: 'order-notices',
      description:
        'Tells of orders that are held, approved, shipped or delivered, and of products that run low',
      settings,
      data,
      timeoutSeconds,
      tables: { idempotency: ['PutItem', 'UpdateItem'] },
      environment: {
        ORDER_NOTIFICATIONS_TOPIC_ARN: messaging.orderNotifications.topicArn,
        ANALYTICS_STREAM_NAME: analytics.stream.streamName,
      },
    });
    this.teller.allow(['sns:Publish'], [messaging.orderNotifications.topicArn]);
    this.teller.allowKeyThrough('sns');
    this.teller.allow(['kinesis:PutRecord'], [analytics.stream.streamArn]);
    this.teller.allowKeyThrough('kinesis');
    allowStreams(this.teller, [orderChanges, productChanges], this.deadLetters);
    this.orderChanges = this.consumeOrders(orderChanges);
    this.consumeProducts(productChanges);
  }

  private consumeOrders(eventSourceArn: string): EventSourceMapping {
    const keys = { sk: { S: FilterRule.isEqual('ORDER') } };
    const become = (...statuses: string[]) => ({ status: { S: FilterRule.or(...statuses) } });
    return this.consume('OrderChanges', {
      eventSourceArn,
      metricsConfig: { metrics: [MetricType.EVENT_COUNT] },
      // LATEST would leave out what comes while the mapping is made. Who was told before is known by the claim.
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          dynamodb: { Keys: keys, NewImage: become('OnHold', 'Shipped', 'Delivered') },
        }),
        // What was approved has gone through when it is paid; other paid orders are none of this Lambda's.
        FilterCriteria.filter({
          dynamodb: { Keys: keys, OldImage: become('OnHold'), NewImage: become('Paid') },
        }),
      ],
    });
  }

  private consumeProducts(eventSourceArn: string): void {
    const mark = (isThere: boolean) => ({
      lowStockSince: { S: isThere ? FilterRule.exists() : FilterRule.notExists() },
    });
    this.consume('ProductChanges', {
      eventSourceArn,
      // What was marked while this was deployed would be marked for nothing; what was told before is known.
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Every order changes its products; of all that, a mark of low stock that was not there before.
      filters: [FilterCriteria.filter({ dynamodb: { OldImage: mark(false), NewImage: mark(true) } })],
    });
  }

  private consume(
    id: string,
    source: Required<Pick<EventSourceMappingProps, 'eventSourceArn' | 'startingPosition' | 'filters'>> &
      Pick<EventSourceMappingProps, 'metricsConfig'>,
  ): EventSourceMapping {
    return new EventSourceMapping(this, id, {
      ...source,
      target: this.teller.live,
      batchSize: 10,
      ...onFailedRecords(this.deadLetters),
    });
  }
}
