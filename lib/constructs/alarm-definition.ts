import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';

/** An alarm of a stage, told in terms of its users. */
export interface AlarmDefinition {
  /** Heading of its runbook in docs/operations.md, and the end of its name. */
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** What users suffer, then where to look: the person who reads this was woken by it. */
  readonly impact: string;
  /** Goes off below the threshold, and when there is nothing to be seen at all. */
  readonly below?: boolean;
  /** Periods in a row that are looked at; one unless told. */
  readonly periods?: number;
  /** How many of them have to be bad; all unless told. */
  readonly bad?: number;
}

/** How long a metric is looked at, unless an alarm says otherwise. */
export const alarmPeriod = Duration.minutes(5);
