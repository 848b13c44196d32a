import { z } from 'zod';
import type { ExecutionRecord } from '../step-functions/execution-record.ts';
import type { HistoryEvent } from '../step-functions/history.ts';

/** A visit of a state, as the console draws it. */
export interface StateVisit {
  readonly name: string;
  readonly type: string;
  readonly enteredAt: string;
  exitedAt?: string;
  attempts: number;
  outcome: 'running' | 'succeeded' | 'caught' | 'failed';
  /** Error of the last failed attempt. */
  error?: string;
  input?: string;
  output?: string;
}

export interface RunSummary {
  readonly id: string;
  readonly machine: string;
  readonly status: string;
  readonly startedAt: string;
  readonly stoppedAt?: string;
  readonly transitions: number;
  readonly error?: string;
}

export function runSummary(record: ExecutionRecord): RunSummary {
  return {
    id: record.name,
    machine: record.stateMachineArn.split(':').at(-1) ?? '',
    status: record.status,
    startedAt: record.startedAt.toISOString(),
    ...(record.stoppedAt ? { stoppedAt: record.stoppedAt.toISOString() } : {}),
    transitions: record.transitions,
    ...(record.error ? { error: record.error } : {}),
  };
}

const entered = z.object({ stateEnteredEventDetails: z.object({ name: z.string(), input: z.string() }) });
const exited = z.object({ stateExitedEventDetails: z.object({ name: z.string(), output: z.string() }) });
const failed = z.object({ taskFailedEventDetails: z.object({ error: z.string() }) });

/** The states of a run in the order they were entered, read from its history as any client would. */
export function stateVisits(record: ExecutionRecord): StateVisit[] {
  const visits: StateVisit[] = [];
  /** The visit that each event belongs to, through previousEventId. */
  const owner = new Map<number, StateVisit>();
  for (const event of record.events) {
    const entry = entered.safeParse(event);
    if (entry.success) {
      const { name, input } = entry.data.stateEnteredEventDetails;
      const type = event.type.replace('StateEntered', '');
      const visit: StateVisit = { name, type, enteredAt: at(event), attempts: 0, outcome: 'running', input };
      visits.push(visit);
      owner.set(event.id, visit);
      continue;
    }
    const exit = exited.safeParse(event);
    const visit = exit.success
      ? visits.findLast(({ name, exitedAt }) => name === exit.data.stateExitedEventDetails.name && !exitedAt)
      : owner.get(event.previousEventId);
    if (!visit) continue;
    owner.set(event.id, visit);
    apply(visit, event, exit.success ? exit.data.stateExitedEventDetails.output : undefined);
  }
  const over = record.status !== 'RUNNING';
  for (const visit of visits)
    if (over && visit.outcome === 'running') visit.outcome = endOutcome(visit, record);
  return visits;
}

function apply(visit: StateVisit, event: HistoryEvent, output: string | undefined): void {
  if (output !== undefined) {
    visit.exitedAt = at(event);
    visit.output = output;
    visit.outcome = visit.error ? 'caught' : 'succeeded';
  } else if (event.type === 'TaskScheduled') {
    visit.attempts += 1;
    delete visit.error;
  } else if (event.type === 'TaskTimedOut') {
    visit.error = 'States.Timeout';
  } else if (event.type === 'ParallelStateFailed') {
    visit.error = 'A branch failed';
  } else {
    const failure = failed.safeParse(event);
    if (failure.success) visit.error = failure.data.taskFailedEventDetails.error;
  }
}

/** Succeed and Fail states end an execution without an exit of their own in some histories. */
function endOutcome(visit: StateVisit, record: ExecutionRecord): StateVisit['outcome'] {
  return visit.type === 'Succeed' && record.status === 'SUCCEEDED' ? 'succeeded' : 'failed';
}

function at({ timestamp }: HistoryEvent): string {
  return new Date(timestamp * 1000).toISOString();
}
