import { Metrics } from '@aws-lambda-powertools/metrics';
import { nonEmpty, readEnvironment } from '../config/environment.ts';

/** Where CloudWatch keeps what is measured here. docs/observability.md lists every metric. */
export const metricsNamespace = 'Storefront';

export interface Measurement {
  readonly name: string;
  readonly unit: 'Count' | 'Seconds' | 'NoUnit';
  readonly value: number;
}

/** What is measured together: published by stage and service, and once more by these dimensions if there are any. */
export interface MeasuredEvent {
  readonly measurements: readonly Measurement[];
  /** Few values each, and none that names a person or an order: every combination is a metric of its own. */
  readonly by?: Readonly<Record<string, string>>;
  /** Not published without `by`: a sum over currencies means nothing. */
  readonly onlyBy?: boolean;
  /** On the log line that carries the measurements, to find it by; no dimension. */
  readonly about?: Readonly<Record<string, string>>;
}

export type PublishMetrics = (event: MeasuredEvent) => void;

/** Publishes by CloudWatch's embedded metric format, a line of the log: no call, so it neither fails nor waits. */
export function createMetricsPublisher(service: string): PublishMetrics {
  const { STAGE: stage } = readEnvironment({ STAGE: nonEmpty });
  const metrics = new Metrics({
    namespace: metricsNamespace,
    serviceName: service,
    defaultDimensions: { stage },
  });
  return ({ measurements, by, onlyBy = false, about = {} }) => {
    if (measurements.length === 0) return;
    // Each set stands beside the defaults; the empty one is the defaults alone.
    if (by && !onlyBy) metrics.addDimensions({});
    if (by) metrics.addDimensions({ ...by });
    for (const [key, value] of Object.entries(about)) metrics.addMetadata(key, value);
    for (const { name, unit, value } of measurements) {
      metrics.addMetric(name, unit === 'NoUnit' ? 'None' : unit, value);
    }
    metrics.publishStoredMetrics();
  };
}
