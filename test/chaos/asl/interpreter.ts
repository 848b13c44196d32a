import type { ChoiceTest, Retrier, Scope, State, TaskState } from './definition.ts';
import { StateFailure, takes } from './failure.ts';
import { fill, lookUp, place, require } from './paths.ts';

/** How one attempt at a task's work ended. */
export type WorkOutcome =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: string; readonly cause: string };

export interface TaskToken {
  readonly token: string;
  readonly outcome: Promise<WorkOutcome>;
  /** The task no longer waits: from now on the token is refused. */
  release(): void;
}

/** What a running execution does in its world. */
export interface RunServices {
  /** Calls `then` after so many virtual milliseconds; the answer takes it back. */
  wait(milliseconds: number, then: () => void): () => void;
  /** Milliseconds since 1970. */
  now(): number;
  /** In [0, 1), for jitter. */
  random(): number;
  invoke(functionArn: string, payload: unknown): Promise<WorkOutcome>;
  sendToQueue(queueUrl: string, body: unknown): Promise<WorkOutcome>;
  newToken(): TaskToken;
  entered(state: string): void;
}

export interface Run {
  /** The context object but for `State` and `Task`. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly services: RunServices;
  /** False once the execution was stopped: nothing of it goes on then. */
  isOpen(): boolean;
}

/** Runs a definition to its end and answers its output. @throws StateFailure of the whole execution */
export async function interpret(scope: Scope, input: unknown, run: Run): Promise<unknown> {
  let name = scope.StartAt;
  let data = input;
  for (;;) {
    if (!run.isOpen()) return new Promise(() => undefined);
    const state = scope.States[name];
    if (!state) throw new Error(`There is no state ${name}`);
    run.services.entered(name);
    const { output, next } = await step(state, data, run);
    if (next === undefined) return output;
    data = output;
    name = next;
  }
}

interface Step {
  readonly output: unknown;
  readonly next: string | undefined;
}

async function step(state: State, input: unknown, run: Run): Promise<Step> {
  switch (state.Type) {
    case 'Task':
      return runTask(state, input, run);
    case 'Choice': {
      const rule = state.Choices.find((choice) => holds(choice, input));
      return { output: input, next: rule?.Next ?? state.Default };
    }
    case 'Pass':
      return { output: place(input, state.ResultPath, state.Result ?? input), next: state.Next };
    case 'Parallel': {
      const results = await Promise.all(state.Branches.map((branch) => interpret(branch, input, run)));
      return { output: place(input, state.ResultPath, results), next: state.Next };
    }
    case 'Succeed':
      return { output: input, next: undefined };
    case 'Fail':
      throw new StateFailure(state.Error, state.Cause);
  }
}

function holds(test: ChoiceTest, input: unknown): boolean {
  if (test.And) return test.And.every((inner) => holds(inner, input));
  if (test.Or) return test.Or.some((inner) => holds(inner, input));
  const { Variable = '', IsPresent, StringEquals, BooleanEquals } = test;
  if (IsPresent !== undefined) return (lookUp(Variable, input) !== undefined) === IsPresent;
  return require(Variable, input) === (StringEquals ?? BooleanEquals);
}

async function runTask(state: TaskState, input: unknown, run: Run): Promise<Step> {
  const used = new Map<Retrier, number>();
  const State = { EnteredTime: new Date(run.services.now()).toISOString() };
  for (;;) {
    let failure: StateFailure;
    try {
      const output = await attempt(state, input, { ...run, context: { ...run.context, State } });
      return { output: place(input, state.ResultPath, output), next: state.Next };
    } catch (thrown) {
      if (!(thrown instanceof StateFailure)) throw thrown;
      failure = thrown;
    }
    const retrier = state.Retry.find(({ ErrorEquals }) => takes(ErrorEquals, failure.error));
    const retries = retrier ? (used.get(retrier) ?? 0) : 0;
    if (retrier && retries < retrier.MaxAttempts) {
      used.set(retrier, retries + 1);
      await pause(retrier, retries, run);
      continue;
    }
    const catcher = state.Catch.find(({ ErrorEquals }) => takes(ErrorEquals, failure.error));
    if (!catcher) throw failure;
    const told = { Error: failure.error, Cause: failure.message };
    return { output: place(input, catcher.ResultPath, told), next: catcher.Next };
  }
}

function pause(retrier: Retrier, retries: number, { services }: Run): Promise<void> {
  const seconds = Math.min(retrier.MaxDelaySeconds, retrier.IntervalSeconds * retrier.BackoffRate ** retries);
  const share = retrier.JitterStrategy === 'FULL' ? services.random() : 1;
  return new Promise((resolve) => services.wait(seconds * share * 1000, resolve));
}

/** One attempt, ended by its outcome or by the state's time-out. What it has begun goes on after a time-out. */
async function attempt(state: TaskState, input: unknown, run: Run): Promise<unknown> {
  const waitsForToken = state.Resource.endsWith('.waitForTaskToken');
  const token = waitsForToken ? run.services.newToken() : undefined;
  const context = token ? { ...run.context, Task: { Token: token.token } } : run.context;
  const parameters = fill(state.Parameters, input, context) as Record<string, unknown>;
  const { promise, resolve } = Promise.withResolvers<WorkOutcome>();
  const cancel = run.services.wait(state.TimeoutSeconds * 1000, () =>
    resolve({ ok: false, error: 'States.Timeout', cause: '' }),
  );
  if (state.Resource === 'arn:aws:states:::sqs:sendMessage') {
    void run.services.sendToQueue(String(parameters.QueueUrl), parameters.MessageBody).then(resolve);
  } else {
    const call = run.services.invoke(String(parameters.FunctionName), parameters.Payload ?? {});
    // With a token the function's own answer counts for nothing unless it is a failure.
    void call.then((outcome) => {
      if (!token || !outcome.ok) resolve(outcome);
    });
    void token?.outcome.then(resolve);
  }
  const outcome = await promise;
  cancel();
  token?.release();
  if (!run.isOpen()) return new Promise(() => undefined);
  if (!outcome.ok) throw new StateFailure(outcome.error, outcome.cause);
  const isCall = state.Resource === 'arn:aws:states:::lambda:invoke';
  const result = isCall
    ? { ExecutedVersion: '$LATEST', Payload: outcome.output, StatusCode: 200 }
    : outcome.output;
  return state.ResultSelector ? fill(state.ResultSelector, result, context) : result;
}
