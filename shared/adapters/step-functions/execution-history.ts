import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { CheckoutRunView } from '../../orders/order-schemas.ts';

type StateView = CheckoutRunView['states'][number];

/** Names of the events that tell that an attempt of a task has gone out, and how an attempt can fail. */
const attemptStarted = new Set(['TaskScheduled', 'LambdaFunctionScheduled']);
const attemptFailed = new Set(['TaskFailed', 'LambdaFunctionFailed', 'TaskSubmitFailed', 'TaskStartFailed']);
const attemptTimedOut = new Set(['TaskTimedOut', 'LambdaFunctionTimedOut']);

interface OpenState {
  view: StateView;
  lastAttempt: 'succeeded' | 'failed' | 'timed_out';
}

/**
 * The states of an execution in the order they were entered. Events of a state are followed back over
 * `previousEventId` to the state they belong to, since the branches of a Parallel interleave.
 */
export function toStates(events: readonly HistoryEvent[]): StateView[] {
  const states: StateView[] = [];
  const owners = new Map<number, OpenState>();
  const open: OpenState[] = [];
  for (const event of events) {
    const { id = 0, previousEventId = 0, type = '' } = event;
    const at = (event.timestamp ?? new Date(0)).toISOString();
    const entered = event.stateEnteredEventDetails?.name;
    if (entered !== undefined) {
      const state: OpenState = {
        view: { name: entered, enteredAt: at, attempts: 1, outcome: 'running' },
        lastAttempt: 'succeeded',
      };
      states.push(state.view);
      open.push(state);
      owners.set(id, state);
      continue;
    }
    const exited = event.stateExitedEventDetails?.name;
    const owner =
      exited === undefined
        ? owners.get(previousEventId)
        : open.find((state) => state.view.name === exited && state.view.exitedAt === undefined);
    if (!owner) continue;
    owners.set(id, owner);
    if (exited !== undefined) {
      owner.view.exitedAt = at;
      owner.view.outcome = owner.lastAttempt === 'succeeded' ? 'succeeded' : 'caught';
    } else {
      followAttempt(owner, type);
    }
  }
  return closeUnfinished(states, events);
}

function followAttempt(state: OpenState, type: string): void {
  if (attemptStarted.has(type)) {
    state.view.attempts += state.lastAttempt === 'succeeded' ? 0 : 1;
    state.lastAttempt = 'succeeded';
  } else if (attemptFailed.has(type)) {
    state.lastAttempt = 'failed';
  } else if (attemptTimedOut.has(type)) {
    state.lastAttempt = 'timed_out';
  }
}

/** A Fail state is never exited, nor is what a dead execution was in. */
function closeUnfinished(states: StateView[], events: readonly HistoryEvent[]): StateView[] {
  const end = events.findLast(({ type = '' }) => type.startsWith('Execution') && type !== 'ExecutionStarted');
  if (!end?.type) return states;
  const outcome = end.type === 'ExecutionTimedOut' ? 'timed_out' : 'failed';
  const exitedAt = end.timestamp?.toISOString();
  return states.map((state) =>
    state.exitedAt === undefined ? { ...state, outcome, ...(exitedAt ? { exitedAt } : {}) } : state,
  );
}
