import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { DataStack } from '../data-stack.ts';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';
import { indexesOf, type TableKey } from './tables.ts';

export interface CapacityProps {
  readonly api: RestApi;
  readonly data: DataStack;
}

const slowMilliseconds = 3000;
/** Of fewer requests one in twenty is no share but a single one. */
const fewestRequests = 20;
const throttledCalls = 10;
const throttledRequests = 100;
/** Those that a checkout writes. A metric formula has room for ten metrics, so these are all that can be watched. */
const checkoutTables: readonly TableKey[] = ['orders', 'products', 'inventory', 'users', 'idempotency'];

/** On what gets slow or is turned away. */
export function capacityAlarms({ api, data }: CapacityProps): AlarmDefinition[] {
  const tables = checkoutTables.map((key) => ({ key, TableName: data.tables[key].table.tableName }));
  const latency = (statistic: string) => api.metricLatency({ period: alarmPeriod, statistic });
  return [
    {
      id: 'ApiSlow',
      metric: new MathExpression({
        expression: `IF(requests >= ${fewestRequests}, latency, 0)`,
        label: 'latency, p95, ms',
        usingMetrics: { latency: latency('p95'), requests: latency('SampleCount') },
        period: alarmPeriod,
      }),
      threshold: slowMilliseconds,
      periods: 3,
      impact:
        'Customers wait: for a quarter of an hour one request in twenty took three seconds and more. See in the ' +
        'access log which routes are slow, by latencyMs, then X-Ray for what they wait for.',
    },
    {
      id: 'LambdasThrottled',
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Throttles',
        statistic: 'Sum',
        period: alarmPeriod,
      }),
      threshold: throttledCalls,
      impact:
        'Customers get errors or wait longer: Lambda turns calls away in this account and region, whatever stage they ' +
        'are of. See on the dashboard which; ask AWS for more concurrent executions, or mend a reservation.',
    },
    {
      id: 'TablesThrottled',
      metric: throttled(
        tables.flatMap(({ TableName }) =>
          ['ReadThrottleEvents', 'WriteThrottleEvents'].map((metricName) => ({
            metricName,
            dimensions: { TableName },
          })),
        ),
      ),
      threshold: throttledRequests,
      impact:
        'Customers wait longer, and some get 503: DynamoDB throttles a table that checkouts write to. See on the ' +
        'dashboard which; a very popular product, or a burst twice as high as any before, is the usual cause.',
    },
    {
      id: 'IndexesThrottled',
      // A table's own metrics leave its indexes out. One that cannot follow has the writes to its table refused.
      metric: throttled(
        tables.flatMap(({ key, TableName }) =>
          indexesOf(key).map((GlobalSecondaryIndexName) => ({
            metricName: 'WriteThrottleEvents',
            dimensions: { TableName, GlobalSecondaryIndexName },
          })),
        ),
      ),
      threshold: throttledRequests,
      impact:
        'Customers wait longer, and some get 503: DynamoDB throttles an index of a table that checkouts write to, and ' +
        'with it the table. See on the dashboard which; byMonth and byStatus of Orders take all orders under one key.',
    },
  ];
}

/** The sum of metrics of DynamoDB, ten at most. */
function throttled(
  metrics: readonly {
    readonly metricName: string;
    readonly dimensions: Readonly<Record<string, string>>;
  }[],
): MathExpression {
  return new MathExpression({
    // DynamoDB tells nothing when nothing is throttled, and an alarm on its metrics then stays as it is.
    expression: 'SUM(FILL(METRICS(), 0))',
    label: 'throttled requests',
    usingMetrics: Object.fromEntries(
      metrics.map(({ metricName, dimensions }, index) => [
        `m${index}`,
        new Metric({
          namespace: 'AWS/DynamoDB',
          metricName,
          dimensionsMap: { ...dimensions },
          statistic: 'Sum',
          period: alarmPeriod,
        }),
      ]),
    ),
    period: alarmPeriod,
  });
}
