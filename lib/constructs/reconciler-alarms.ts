import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StageName } from '../stage-settings.ts';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';
import { BusinessMetrics } from './business-metrics.ts';

export interface ReconcilerAlarmsProps {
  readonly reconciler: IFunction;
  /** Where runs of the reconciler end that did not come about. */
  readonly missedRuns: IQueue;
}

/** Three runs of the reconciler. */
const threeRuns = Duration.minutes(15);

/** On what nobody looks after as long as the reconciler cannot. */
export function reconcilerAlarms(
  stage: StageName,
  { reconciler, missedRuns }: ReconcilerAlarmsProps,
): AlarmDefinition[] {
  return [
    {
      id: 'ReconcilerFailed',
      metric: reconciler.metricErrors({ period: alarmPeriod }),
      threshold: 1,
      impact:
        'Customers may wait for orders, refunds and stock that nobody looks after: a run of the reconciler failed. ' +
        'The next one, five minutes later, tries again. Read the log of the reconciler Lambda.',
    },
    {
      id: 'ReconcileFailing',
      // The smallest count of three runs: each had an order that it could not mend, where one such run is soon repeated.
      metric: new BusinessMetrics(stage).ofReconciler('ReconcileFailures', {
        statistic: 'Minimum',
        period: threeRuns,
      }),
      threshold: 1,
      impact:
        'Customers wait for an order, a refund or stock, and will for good: for a quarter of an hour each run of the ' +
        'reconciler has met orders that it could not set right. Its log names them and the cause.',
    },
    {
      id: 'ReconcilerSilent',
      metric: reconciler.metricInvocations({ period: threeRuns }),
      threshold: 1,
      below: true,
      impact:
        'Customers may wait for orders, refunds and stock that nobody looks after: the reconciler has not run for a ' +
        'quarter of an hour. See whether its EventBridge rule is enabled, and its Lambda throttled.',
    },
    {
      id: 'ReconcilerMissed',
      // Sent, not lying there: nothing has to be cleared away for it to be over.
      metric: missedRuns.metricNumberOfMessagesSent({ period: alarmPeriod, statistic: 'Sum' }),
      threshold: 1,
      impact:
        'Customers may wait for orders, refunds and stock that nobody looks after: a run of the reconciler did not ' +
        'come about or did not end. Read the message in the dead-letter queue of the reconciler.',
    },
  ];
}
