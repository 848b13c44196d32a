import { setImmediate as allMicrotasksDone } from 'node:timers/promises';
import { z } from 'zod';
import type { InvocationResult } from '../lambda/protocol.ts';
import { localRegion } from '../template/names.ts';
import type { HistoryWriter } from './history.ts';
import type { PlacedState } from './state-scopes.ts';
import type { TaskTokens } from './task-tokens.ts';

/** The services that a Task can call. */
export interface TaskServices {
  invoke(functionArn: string, event: unknown): Promise<InvocationResult>;
  sendToQueue(queueUrl: string, body: string): { MessageId: string; MD5OfMessageBody: string };
}

/** A task's failure under the name that Retry and Catch look for; the message is the Cause. */
export class TaskError extends Error {
  override readonly name: string;

  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

const invokeParameters = z.looseObject({ FunctionName: z.string(), Payload: z.unknown() });
const queueParameters = z.looseObject({ QueueUrl: z.string(), MessageBody: z.unknown() });

export interface TaskRun {
  readonly placed: PlacedState;
  readonly parameters: unknown;
  /** The token that evaluating the parameters has made, if they ask for one. */
  readonly token: string | undefined;
  readonly history: HistoryWriter;
  readonly services: TaskServices;
  readonly tokens: TaskTokens;
  /** False once the execution is over: what still runs then leaves no trace. */
  readonly open: () => boolean;
}

/** Makes one attempt at a Task state and writes its events. Rejects with a TaskError. */
export async function runTask(run: TaskRun): Promise<unknown> {
  const { placed, history } = run;
  if (!run.open()) throw new TaskError('States.Runtime', 'The execution is over.');
  const { state, name } = placed;
  const resource = state.Resource ?? '';
  const [resourceType = '', action = ''] = resource.replace(/^arn:aws:states:::/, '').split(':');
  const about = { resourceType, resource: action };
  const seconds = state.TimeoutSeconds ?? 60;
  let waiting = true;
  const write = (type: string, details: Record<string, unknown>): void => {
    if (waiting && run.open())
      history.attempt(name, type, { [eventDetails(type)]: { ...about, ...details } });
  };
  const wait = action.endsWith('.waitForTaskToken') && run.token ? run.tokens.wait(run.token) : undefined;
  // The interpreter sets its own timer for the same time right after this one, and rejects by itself.
  const timer = setTimeout(() => {
    write('TaskTimedOut', { error: 'States.Timeout' });
    waiting = false;
    wait?.release();
  }, seconds * 1000).unref();
  try {
    // The interpreter's log arrives in microtasks: let TaskStateEntered be written before TaskScheduled.
    await allMicrotasksDone();
    write('TaskScheduled', {
      region: localRegion,
      parameters: JSON.stringify(run.parameters),
      timeoutInSeconds: seconds,
    });
    write('TaskStarted', {});
    const output = await perform(run, resource, wait?.outcome, () => write('TaskSubmitted', {}));
    write('TaskSucceeded', { output: JSON.stringify(output) });
    return output;
  } catch (error) {
    const failure = error instanceof TaskError ? error : new TaskError('States.Runtime', String(error));
    write('TaskFailed', { error: failure.name, cause: failure.message });
    throw failure;
  } finally {
    clearTimeout(timer);
    wait?.release();
  }
}

async function perform(
  run: TaskRun,
  resource: string,
  outcome: ReturnType<TaskTokens['wait']>['outcome'] | undefined,
  submitted: () => void,
): Promise<unknown> {
  switch (resource) {
    case 'arn:aws:states:::lambda:invoke':
      return callFunction(run);
    case 'arn:aws:states:::lambda:invoke.waitForTaskToken': {
      if (!outcome) throw new TaskError('States.Runtime', 'The task asks for no $$.Task.Token.');
      // The token may come back before the function has answered; a function that fails ends the wait.
      const call = callFunction(run).then(submitted);
      const settled = await Promise.race([outcome, call.then(() => outcome)]);
      if (settled.ok) return settled.output;
      throw new TaskError(settled.error, settled.cause);
    }
    case 'arn:aws:states:::sqs:sendMessage': {
      const { QueueUrl, MessageBody } = queueParameters.parse(run.parameters);
      const body = typeof MessageBody === 'string' ? MessageBody : JSON.stringify(MessageBody);
      return run.services.sendToQueue(QueueUrl, body);
    }
    default:
      throw new TaskError('States.Runtime', `The local runtime has no Task resource ${resource}.`);
  }
}

async function callFunction(run: TaskRun): Promise<unknown> {
  const { FunctionName, Payload } = invokeParameters.parse(run.parameters);
  const result = await run.services.invoke(FunctionName, Payload ?? {});
  if (!result.ok) throw new TaskError(result.error.errorType, JSON.stringify(result.error));
  return { ExecutedVersion: '$LATEST', Payload: result.payload, StatusCode: 200 };
}

function eventDetails(type: string): string {
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}EventDetails`;
}
