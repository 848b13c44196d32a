import type { HistoryEvent } from './history.ts';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** One run of a state machine, as DescribeExecution and GetExecutionHistory tell it. */
export interface ExecutionRecord {
  readonly arn: string;
  readonly stateMachineArn: string;
  readonly name: string;
  /** JSON text, as it was given. */
  readonly input: string;
  readonly startedAt: Date;
  status: ExecutionStatus;
  stoppedAt?: Date | undefined;
  output?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
  /** How often it was made to go on after it had ended badly. */
  redrives?: number | undefined;
  readonly events: HistoryEvent[];
  /** States entered: what AWS charges for. */
  transitions: number;
}

export function isRedrivable({ status }: ExecutionRecord): boolean {
  return status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED';
}
