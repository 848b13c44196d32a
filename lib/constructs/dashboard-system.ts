import { type IWidget, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { BusinessMetrics } from './business-metrics.ts';
import { graph, period, row } from './dashboard-graphs.ts';
import type { DashboardProps } from './dashboard-props.ts';
import { iteratorAge } from './stream-alarms.ts';
import { indexesOf, tableKeys } from './tables.ts';

/** Throttles and consumption of the tables and their indexes. */
export function dataRows({ data, settings }: DashboardProps): IWidget[][] {
  const audit = new BusinessMetrics(settings.stage);
  const tables = tableKeys.map((key) => ({ key, table: data.tables[key].table }));
  const of = (metricName: string, label: string) =>
    tables.map(({ table }) =>
      capacity(metricName, { TableName: table.tableName }, `${table.node.id} ${label}`),
    );
  const ofIndexes = (metricName: string, label: string) =>
    tables.flatMap(({ key, table: { tableName: TableName, node } }) =>
      indexesOf(key).map((GlobalSecondaryIndexName) =>
        capacity(
          metricName,
          { TableName, GlobalSecondaryIndexName },
          `${node.id} ${GlobalSecondaryIndexName} ${label}`,
        ),
      ),
    );
  return [
    row(
      graph('Throttled requests', [
        ...of('ReadThrottleEvents', 'reads'),
        ...of('WriteThrottleEvents', 'writes'),
      ]),
      graph('Throttled requests of indexes', [
        ...ofIndexes('ReadThrottleEvents', 'reads'),
        ...ofIndexes('WriteThrottleEvents', 'writes'),
      ]),
      graph('Audit entries changed past the code', [
        audit.ofAuditTrail('AuditEntriesTampered', { period, statistic: 'Sum', label: 'entries' }),
      ]),
    ),
    row(
      graph('Read units', of('ConsumedReadCapacityUnits', '')),
      graph('Write units', of('ConsumedWriteCapacityUnits', '')),
    ),
  ];
}

/** Of a table without its indexes, or of an index. */
function capacity(metricName: string, dimensionsMap: Record<string, string>, label: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period,
    label,
  });
}

/** Every Lambda's errors, throttles, duration and concurrency. */
export function lambdaRow({ lambdas }: DashboardProps): IWidget[] {
  const all = (metricName: string, statistic: string) =>
    Object.entries(lambdas).map(([label, lambda]) => lambda.metric(metricName, { period, statistic, label }));
  return row(
    graph('Errors', all('Errors', 'Sum')),
    graph('Throttles', all('Throttles', 'Sum')),
    graph('Duration, p95, ms', all('Duration', 'p95')),
    graph('At once', all('ConcurrentExecutions', 'Maximum')),
  );
}

/** What waits: dead letters, messages, records of streams, analytics events. */
export function queueRow({
  settings,
  channels,
  queues,
  deadLetters,
  streamConsumers,
  events,
  eventDelivery,
}: DashboardProps): IWidget[] {
  const statistic = 'Maximum';
  const deliveries = new BusinessMetrics(settings.stage);
  return row(
    graph(
      'Dead letters; recipients not taken (right)',
      Object.entries(deadLetters).map(([label, queue]) =>
        queue.metricApproximateNumberOfMessagesVisible({ period, statistic, label }),
      ),
      channels.map((channel) =>
        deliveries.ofDelivery(channel, 'Undeliverable', { period, statistic: 'Sum', label: channel }),
      ),
    ),
    graph(
      'Oldest message, s',
      Object.entries(queues).map(([label, queue]) =>
        queue.metricApproximateAgeOfOldestMessage({ period, statistic, label }),
      ),
    ),
    graph(
      'Streams of tables, behind by ms',
      Object.entries(streamConsumers).map(([label, consumer]) => iteratorAge(consumer).with({ label })),
    ),
    graph(
      'Analytics',
      [
        events.metricPutRecordSuccess({ period, statistic: 'Sum', label: 'events' }),
        events.metricWriteProvisionedThroughputExceeded({ period, statistic: 'Sum', label: 'throttled' }),
      ],
      [eventDelivery.metricFreshness({ period })],
    ),
  );
}
