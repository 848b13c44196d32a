import { ExecutionError, type StateMachine } from 'aws-local-stepfunctions';
import { z } from 'zod';
import type { LoadedDefinition } from './definition.ts';
import type { ExecutionRecord } from './execution-record.ts';
import { HistoryWriter } from './history.ts';
import { runTask, type TaskServices } from './task-runner.ts';
import type { TaskTokens } from './task-tokens.ts';

export interface ExecutionSetup {
  readonly machine: StateMachine;
  readonly loaded: LoadedDefinition;
  readonly record: ExecutionRecord;
  readonly services: TaskServices;
  readonly tokens: TaskTokens;
}

export interface RunningExecution {
  /** Resolves when the record is closed; never rejects. */
  readonly done: Promise<void>;
  abort(error?: string, cause?: string): void;
  /** Stops interpreting and leaves the record as it is. */
  halt(): void;
}

/** Interprets one execution to its end and keeps its record up to date. */
export function runExecution(setup: ExecutionSetup): RunningExecution {
  const { machine, loaded, record, services, tokens } = setup;
  const history = new HistoryWriter(
    new Map(loaded.states.map(({ name, scope }) => [name, scope])),
    record.events,
  );
  const input = z.json().parse(JSON.parse(record.input));
  let halted = false;
  const open = (): boolean => record.status === 'RUNNING' && !halted;

  // The interpreter evaluates a state's parameters and calls its handler in one go, so the token made
  // last belongs to the handler that is called next, also while other branches wait.
  let madeToken: string | undefined;
  const Task = {
    get Token(): string {
      madeToken = tokens.make();
      return madeToken;
    },
  };
  // The interpreter has none. On AWS a retry keeps the time of its first attempt.
  const State = {
    get EnteredTime(): string {
      return new Date().toISOString();
    },
  };
  const handlers = Object.fromEntries(
    loaded.states
      .filter(({ state }) => state.Type === 'Task')
      .map((placed) => [
        placed.name,
        async (parameters: unknown) => {
          const token = madeToken;
          madeToken = undefined;
          return z
            .json()
            .parse(await runTask({ placed, parameters, token, history, services, tokens, open }));
        },
      ]),
  );

  history.execution('ExecutionStarted', { executionStartedEventDetails: { input: record.input } });
  const run = machine.run(input, {
    noThrowOnAbort: true,
    overrides: { taskResourceLocalHandlers: handlers },
    context: {
      Task,
      State,
      Run: {
        Id: record.arn,
        Name: record.name,
        Input: input,
        StartTime: record.startedAt.toISOString(),
        RoleArn: 'arn:aws:iam::000000000000:role/local',
      },
      StateMachine: { Id: record.stateMachineArn, Name: record.stateMachineArn.split(':').at(-1) },
    },
  });

  const log = (async () => {
    for await (const event of run.eventLogs) {
      if (!open()) continue;
      if (event.type === 'StateEntered') record.transitions += 1;
      history.interpreted(event);
    }
  })();

  const close = (status: ExecutionRecord['status'], result: Partial<ExecutionRecord>): void => {
    if (!open()) return;
    Object.assign(record, { status, stoppedAt: new Date(), ...result });
  };

  const done = (async () => {
    try {
      const output = JSON.stringify(await run.result);
      await log;
      if (!open()) return;
      history.execution('ExecutionSucceeded', { executionSucceededEventDetails: { output } });
      close('SUCCEEDED', { output });
    } catch (thrown) {
      await log;
      if (!open()) return;
      const failure =
        thrown instanceof ExecutionError && thrown.cause instanceof Error ? thrown.cause : thrown;
      const error = failure instanceof Error ? failure.name : 'States.Runtime';
      const cause = failure instanceof Error ? failure.message : String(failure);
      history.execution('ExecutionFailed', { executionFailedEventDetails: { error, cause } });
      close('FAILED', { error, cause });
    }
  })();

  return {
    done,
    abort(error, cause) {
      const given = { ...(error ? { error } : {}), ...(cause ? { cause } : {}) };
      history.execution('ExecutionAborted', { executionAbortedEventDetails: given });
      close('ABORTED', given);
      run.abort();
    },
    halt() {
      halted = true;
      run.abort();
    },
  };
}
