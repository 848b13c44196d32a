import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, test } from 'vitest';
import { toStates } from '../../../shared/adapters/step-functions/execution-history.ts';

/** Builds a history as Step Functions numbers it; each event a second after the one before. */
function history() {
  const events: HistoryEvent[] = [];
  const at = (id: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + id * 1000);
  const add = (type: HistoryEvent['type'], previousEventId: number, details: Partial<HistoryEvent> = {}) => {
    const id = events.length + 1;
    events.push({ id, type, previousEventId, timestamp: at(id), ...details } as HistoryEvent);
    return id;
  };
  return {
    events,
    at: (id: number) => at(id).toISOString(),
    add,
    enter: (name: string, after: number, type: HistoryEvent['type'] = 'TaskStateEntered') =>
      add(type, after, { stateEnteredEventDetails: { name } }),
    exit: (name: string, after: number, type: HistoryEvent['type'] = 'TaskStateExited') =>
      add(type, after, { stateExitedEventDetails: { name } }),
    /** An attempt that goes out and ends so. */
    attempt(after: number, end: HistoryEvent['type'] = 'TaskSucceeded') {
      return add(end, add('TaskStarted', add('TaskScheduled', after)));
    },
  };
}

const shown = (events: HistoryEvent[]) =>
  toStates(events).map(({ name, attempts, outcome }) => [name, attempts, outcome]);

describe('the states of an execution', () => {
  test('are shown in the order they were entered, with their times', () => {
    const h = history();
    const start = h.add('ExecutionStarted', 0);
    const entered = h.enter('ValidateProfile', start);
    const exited = h.exit('ValidateProfile', h.attempt(entered));
    const choice = h.enter('IsProfileComplete', exited, 'ChoiceStateEntered');
    const chosen = h.exit('IsProfileComplete', choice, 'ChoiceStateExited');
    h.add('ExecutionSucceeded', chosen);
    expect(toStates(h.events)).toEqual([
      {
        name: 'ValidateProfile',
        enteredAt: h.at(entered),
        exitedAt: h.at(exited),
        attempts: 1,
        outcome: 'succeeded',
      },
      {
        name: 'IsProfileComplete',
        enteredAt: h.at(choice),
        exitedAt: h.at(chosen),
        attempts: 1,
        outcome: 'succeeded',
      },
    ]);
  });

  test('are none before it has done anything', () => {
    expect(toStates([])).toEqual([]);
    const h = history();
    h.add('ExecutionStarted', 0);
    expect(toStates(h.events)).toEqual([]);
  });

  test('show one that is being waited in as running', () => {
    const h = history();
    const entered = h.enter('WaitForProfile', h.add('ExecutionStarted', 0));
    h.add('TaskSubmitted', h.add('TaskStarted', h.add('TaskScheduled', entered)));
    expect(shown(h.events)).toEqual([['WaitForProfile', 1, 'running']]);
    expect(toStates(h.events)[0]).not.toHaveProperty('exitedAt');
  });

  test('count every attempt of a task that is retried', () => {
    const h = history();
    const entered = h.enter('ProcessPayment', h.add('ExecutionStarted', 0));
    const second = h.attempt(h.attempt(entered, 'TaskFailed'), 'TaskTimedOut');
    h.exit('ProcessPayment', h.attempt(second));
    expect(shown(h.events)).toEqual([['ProcessPayment', 3, 'succeeded']]);
  });

  test.each([
    'TaskFailed',
    'TaskTimedOut',
    'TaskSubmitFailed',
    'TaskStartFailed',
    'LambdaFunctionFailed',
    'LambdaFunctionTimedOut',
  ] as const)('show a task that ended in %s and was left by its Catch', (end) => {
    const h = history();
    const entered = h.enter('CapturePayment', h.add('ExecutionStarted', 0));
    const caught = h.exit('CapturePayment', h.attempt(entered, end));
    h.exit('SystemFailed', h.enter('SystemFailed', caught, 'PassStateEntered'), 'PassStateExited');
    expect(shown(h.events)).toEqual([
      ['CapturePayment', 1, 'caught'],
      ['SystemFailed', 1, 'succeeded'],
    ]);
  });

  test('show a state that is entered twice as two', () => {
    const h = history();
    const first = h.exit(
      'ValidateProfile',
      h.attempt(h.enter('ValidateProfile', h.add('ExecutionStarted', 0))),
    );
    const again = h.enter('ValidateProfile', first);
    h.exit('ValidateProfile', h.attempt(h.attempt(again, 'TaskFailed')));
    expect(shown(h.events)).toEqual([
      ['ValidateProfile', 1, 'succeeded'],
      ['ValidateProfile', 2, 'succeeded'],
    ]);
  });
});

describe('branches that run at once', () => {
  /** Two branches, event by event in turns: one retries, the other is caught. */
  function interleaved() {
    const h = history();
    const parallel = h.enter('RecordPaidOrder', h.add('ExecutionStarted', 0), 'ParallelStateEntered');
    const started = h.add('ParallelStateStarted', parallel);
    const notify = h.enter('SendNotification', started);
    const track = h.enter('AnalyticsProcessor', started);
    const notify1 = h.add('TaskScheduled', notify);
    const track1 = h.add('TaskScheduled', track);
    const notify2 = h.add('TaskStarted', notify1);
    const track2 = h.add('TaskStarted', track1);
    const notify3 = h.add('TaskFailed', notify2);
    const track3 = h.add('TaskTimedOut', track2);
    const notify4 = h.add('TaskScheduled', notify3);
    const trackExit = h.exit('AnalyticsProcessor', track3);
    const dead = h.enter('DeadLetterAnalytics', trackExit);
    const notify5 = h.add('TaskStarted', notify4);
    const deadEnd = h.attempt(dead);
    const notify6 = h.add('TaskSucceeded', notify5);
    h.exit('SendNotification', notify6);
    h.exit('DeadLetterAnalytics', deadEnd);
    return { h, parallel };
  }

  test('keep their attempts apart', () => {
    const { h, parallel } = interleaved();
    const done = h.add('ParallelStateSucceeded', parallel);
    h.add('ExecutionSucceeded', h.exit('RecordPaidOrder', done, 'ParallelStateExited'));
    expect(shown(h.events)).toEqual([
      ['RecordPaidOrder', 1, 'succeeded'],
      ['SendNotification', 2, 'succeeded'],
      ['AnalyticsProcessor', 1, 'caught'],
      ['DeadLetterAnalytics', 1, 'succeeded'],
    ]);
  });

  test('are running until they have all ended', () => {
    expect(shown(interleaved().h.events)[0]).toEqual(['RecordPaidOrder', 1, 'running']);
  });
});

describe('an execution that ends badly', () => {
  function inFail() {
    const h = history();
    const entered = h.enter('CheckoutFailed', h.add('ExecutionStarted', 0), 'FailStateEntered');
    return { h, entered };
  }

  test.each([
    ['ExecutionFailed', 'failed'],
    ['ExecutionAborted', 'failed'],
    ['ExecutionTimedOut', 'timed_out'],
  ] as const)('by %s leaves its last state as %s', (type, outcome) => {
    const { h, entered } = inFail();
    const end = h.add(type, entered);
    expect(toStates(h.events)).toMatchObject([{ name: 'CheckoutFailed', outcome, exitedAt: h.at(end) }]);
  });

  test('leaves what had succeeded before as it was', () => {
    const h = history();
    const done = h.exit('ValidateOrder', h.attempt(h.enter('ValidateOrder', h.add('ExecutionStarted', 0))));
    h.add('ExecutionAborted', h.enter('ProcessPayment', done));
    expect(shown(h.events)).toEqual([
      ['ValidateOrder', 1, 'succeeded'],
      ['ProcessPayment', 1, 'failed'],
    ]);
  });
});
