import type { Duration } from 'aws-cdk-lib';
import { Metric, SearchExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { Channel } from '../../shared/notifications/notification.ts';
import { metricsNamespace } from '../../shared/observability/metrics.ts';
import type { StageName } from '../stage-settings.ts';

export interface BusinessMetricOptions {
  readonly statistic: string;
  readonly period: Duration;
  readonly label?: string;
  /** One of the dimensions that the metric is also published by. */
  readonly by?: Readonly<Record<string, string>>;
}

/** Metrics that the Lambdas publish themselves; docs/observability.md lists them. */
export class BusinessMetrics {
  private readonly stage: StageName;

  constructor(stage: StageName) {
    this.stage = stage;
  }

  /** Of the orders, as their stream tells. */
  ofOrders(metricName: string, options: BusinessMetricOptions): Metric {
    return this.metric('insights', metricName, options);
  }

  /** Of the orders, one line for each value of a dimension that there has been; for graphs, as alarms cannot search. */
  ofOrdersByEach(
    dimension: string,
    metricName: string,
    { statistic, period }: BusinessMetricOptions,
  ): SearchExpression {
    const where = `MetricName="${metricName}" service="insights" stage="${this.stage}"`;
    return new SearchExpression({
      expression: `SEARCH('{${metricsNamespace},service,stage,${dimension}} ${where}', '${statistic}', ${period.toSeconds()})`,
      label: `\${PROP('Dim.${dimension}')}`,
      period,
    });
  }

  /** Of the reconciler's runs, and of what it sees. */
  ofReconciler(metricName: string, options: BusinessMetricOptions): Metric {
    return this.metric('reconciler', metricName, options);
  }

  /** Of the audit trail, as its stream tells. */
  ofAuditTrail(metricName: string, options: BusinessMetricOptions): Metric {
    return this.metric('audit-seal', metricName, options);
  }

  /** Of what was delivered over a channel. */
  ofDelivery(channel: Channel, metricName: string, options: BusinessMetricOptions): Metric {
    return this.metric(`delivery-${channel}`, metricName, options);
  }

  private metric(service: string, metricName: string, { by, ...options }: BusinessMetricOptions): Metric {
    const dimensionsMap = { service, stage: this.stage, ...by };
    return new Metric({ namespace: metricsNamespace, metricName, dimensionsMap, ...options });
  }
}
