import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { DataStack } from '../data-stack.ts';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';
import type { TableKey } from './tables.ts';

export interface CapacityProps {
  readonly api: RestApi;
  readonly data: DataStack;
  /** Consumers of table streams. */
  readonly insights: IFunction;
  readonly orderNotices: IFunction;
  readonly auditSeal: IFunction;
}

const slowMilliseconds = 3000;
const lateMilliseconds = 15 * 60 * 1000;
const throttledCalls = 10;
/** A metric formula has room for ten metrics; these tables are the ones that a checkout writes. */
const checkoutTables: readonly TableKey[] = ['orders', 'products', 'inventory', 'users', 'idempotency'];

/** On what gets slow or is turned away. */
export function capacityAlarms({ api, data, ...streams }: CapacityProps): AlarmDefinition[] {
  const tables = checkoutTables.map((key) => data.tables[key].table.tableName);
  return [
    {
      id: 'ApiSlow',
      metric: api.metricLatency({ period: alarmPeriod, statistic: 'p95' }),
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
      metric: new MathExpression({
        expression: 'SUM(METRICS())',
        label: 'throttled requests',
        usingMetrics: Object.fromEntries(
          tables.flatMap((TableName, index) =>
            ['ReadThrottleEvents', 'WriteThrottleEvents'].map((metricName, side) => [
              `m${2 * index + side}`,
              new Metric({
                namespace: 'AWS/DynamoDB',
                metricName,
                dimensionsMap: { TableName },
                statistic: 'Sum',
                period: alarmPeriod,
              }),
            ]),
          ),
        ),
        period: alarmPeriod,
      }),
      threshold: 100,
      impact:
        'Customers wait longer, and some get 503: DynamoDB throttles a table that checkouts write to. See on the ' +
        'dashboard which; a very popular product, or a burst twice as high as any before, is the usual cause.',
    },
    {
      id: 'ReportsLate',
      metric: iteratorAge(streams.insights),
      threshold: lateMilliseconds,
      impact:
        'Reports, recommendations and the metrics of sales are a quarter of an hour behind, so alarms on sales are ' +
        'blind; customers are not hindered. Read the log of the insights Lambda.',
    },
    {
      id: 'CustomersToldLate',
      metric: iteratorAge(streams.orderNotices),
      threshold: lateMilliseconds,
      impact:
        'Customers are told a quarter of an hour late that their orders are held, approved, shipped or delivered. ' +
        'Read the log of the order-notices Lambda.',
    },
    {
      id: 'SealsLate',
      metric: iteratorAge(streams.auditSeal),
      threshold: lateMilliseconds,
      impact:
        'Nobody is hindered, but audit entries go unsealed for a quarter of an hour, and after a day for good. Read ' +
        'the log of the sealer.',
    },
  ];
}

/** Age of the newest record that the Lambda was handed, in milliseconds. */
export function iteratorAge(consumer: IFunction): Metric {
  return consumer.metric('IteratorAge', { period: Duration.minutes(5), statistic: 'Maximum' });
}
