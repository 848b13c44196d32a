import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IEventSourceMapping, IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { StageName } from '../stage-settings.ts';
import type { AlarmDefinition } from './alarm-definition.ts';
import { BusinessMetrics } from './business-metrics.ts';

export interface StreamAlarmsProps {
  readonly checkout: StateMachine;
  /** Consumers of table streams. */
  readonly insights: IFunction;
  readonly orderNotices: IFunction;
  /** The one of orders; the same Lambda is called for products too. */
  readonly noticedOrders: IEventSourceMapping;
  readonly auditSeal: IFunction;
}

const lateMilliseconds = 15 * 60 * 1000;
const stoppedPeriod = Duration.minutes(30);

/** On consumers of table streams that lag, and on those that are handed nothing, of which no lag is ever told. */
export function streamAlarms(
  stage: StageName,
  { checkout, noticedOrders, ...streams }: StreamAlarmsProps,
): AlarmDefinition[] {
  const options = { period: stoppedPeriod, statistic: 'Sum' };
  const started = checkout.metricStarted(options);
  const metrics = new BusinessMetrics(stage);
  const moved = {
    held: metrics.ofOrders('OrdersHeld', options),
    shipped: metrics.ofOrders('OrdersShipped', options),
    delivered: metrics.ofOrders('OrdersDelivered', options),
  };
  return [
    {
      id: 'ReportsLate',
      metric: iteratorAge(streams.insights),
      threshold: lateMilliseconds,
      impact:
        'Reports, recommendations and the metrics of sales are a quarter of an hour behind, so alarms on sales are ' +
        'blind; customers are not hindered. Read the log of the insights Lambda.',
    },
    {
      id: 'ReportsStopped',
      ...stopped({ started }, callsOf(streams.insights)),
      impact:
        'Reports and recommendations stand still, and the alarms on sales see nothing: orders are placed, but in ' +
        'three half hours of a day the insights Lambda was handed none. After a day they are lost to it. See whether its event source ' +
        'mapping is enabled.',
    },
    {
      id: 'CustomersToldLate',
      metric: iteratorAge(streams.orderNotices),
      threshold: lateMilliseconds,
      impact:
        'Customers are told a quarter of an hour late that their orders are held, approved, shipped or delivered, and ' +
        'the staff of held orders and low stock. Read the log of the order-notices Lambda.',
    },
    {
      id: 'NoticesStopped',
      ...stopped(moved, handedBy(noticedOrders)),
      impact:
        'Customers are not told that their orders are held, shipped or delivered: orders were, but in three half ' +
        'hours of a day the order-notices Lambda was handed none of them. After a day these notices are lost. See whether its event ' +
        'source mapping is enabled.',
    },
    {
      id: 'SealsLate',
      metric: iteratorAge(streams.auditSeal),
      threshold: lateMilliseconds,
      impact:
        'Nobody is hindered, but audit entries go unsealed for a quarter of an hour, and after a day for good. Read ' +
        'the log of the sealer.',
    },
    {
      id: 'SealsStopped',
      ...stopped({ started }, callsOf(streams.auditSeal)),
      impact:
        'Nobody is hindered, but no audit entry is sealed: orders are placed, but for an hour the sealer was handed ' +
        'none of their entries. After a day they go unsealed for good, and somebody who covers tracks may have done ' +
        'it. See whether its event source mapping is enabled, and who disabled it.',
    },
  ];
}

/** Age of the newest record that the Lambda was handed, in milliseconds. */
export function iteratorAge(consumer: IFunction): Metric {
  return consumer.metric('IteratorAge', { period: Duration.minutes(5), statistic: 'Maximum' });
}

function callsOf(consumer: IFunction): Metric {
  return consumer.metricInvocations({ period: stoppedPeriod, statistic: 'Sum' });
}

/**
 * How many records a mapping called its Lambda with.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
 */
function handedBy({ eventSourceMappingId }: IEventSourceMapping): Metric {
  return new Metric({
    namespace: 'AWS/Lambda',
    metricName: 'InvokedEventCount',
    dimensionsMap: { EventSourceMappingUUID: eventSourceMappingId },
    period: stoppedPeriod,
    statistic: 'Sum',
  });
}

/**
 * One when there was what the consumer is called for, and it was not called at all. A call comes some seconds before or
 * after what it is counted against, so perhaps in another period: only three such periods are a fault. They may lie
 * anywhere within a day, as the stream keeps its records for so long, and few shops sell in each half hour. Lambda
 * tells nothing of a function that is not called, hence the filling; everything is filled, as a gap in the formula
 * would have periods further back looked at instead.
 */
function stopped(
  reasons: Readonly<Record<string, IMetric>>,
  calls: IMetric,
): Pick<AlarmDefinition, 'metric' | 'threshold' | 'periods' | 'bad'> {
  const all = Object.keys(reasons).map((name) => `FILL(${name}, 0)`);
  return {
    metric: new MathExpression({
      expression: `IF(${all.join(' + ')} > 0 AND FILL(calls, 0) < 1, 1, 0)`,
      label: 'work without a call of the consumer',
      usingMetrics: { ...reasons, calls },
      period: stoppedPeriod,
    }),
    threshold: 1,
    periods: Duration.days(1).toMinutes() / stoppedPeriod.toMinutes(),
    bad: 3,
  };
}
