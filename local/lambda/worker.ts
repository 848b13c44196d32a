import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { InvokeMessage, WorkerAnswer, WorkerSetup } from './protocol.ts';

/** One function's execution environment: loads the bundle, then runs an invocation for each message. */

type Handler = (event: unknown, context: unknown) => unknown;

const setup: WorkerSetup = workerData;
const port = parentPort;
if (!port) throw new Error('This file runs in a worker only.');

const answer = (message: WorkerAnswer): void => port.postMessage(message);

function failure(error: unknown, id?: number): WorkerAnswer {
  const known = error instanceof Error ? error : undefined;
  return {
    kind: 'error',
    ...(id === undefined ? {} : { id }),
    errorType: known?.name ?? typeof error,
    errorMessage: known?.message ?? String(error),
    trace: known?.stack?.split('\n') ?? [],
  };
}

/** The line that Lambda's runtime writes of whatever a handler throws: with everything that hangs on it. */
function printFailure(thrown: unknown, requestId: string): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const withMembers = (_key: string, value: unknown): unknown =>
    value instanceof Error
      ? {
          errorType: value.name,
          errorMessage: value.message,
          stackTrace: value.stack?.split('\n') ?? [],
          ...value,
        }
      : value;
  const line = { timestamp: new Date().toISOString(), level: 'ERROR', requestId, message: error };
  process.stderr.write(`${JSON.stringify(line, withMembers)}\n`);
}

function lambdaContext(message: InvokeMessage): object {
  return {
    awsRequestId: message.requestId,
    functionName: setup.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: setup.functionArn,
    memoryLimitInMB: String(setup.memoryMb),
    logGroupName: `/aws/lambda/${setup.functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, message.deadline - Date.now()),
  };
}

async function run(handler: Handler, message: InvokeMessage): Promise<void> {
  try {
    const result = await handler(JSON.parse(message.eventJson), lambdaContext(message));
    answer({ kind: 'result', id: message.id, resultJson: JSON.stringify(result ?? null) });
  } catch (error) {
    printFailure(error, message.requestId);
    answer(failure(error, message.id));
  }
}

const isHandler = (value: unknown): value is Handler => typeof value === 'function';

try {
  const loaded = z.record(z.string(), z.unknown()).parse({ ...(await import(setup.moduleUrl)) });
  const handler = loaded[setup.exportName];
  if (!isHandler(handler)) throw new TypeError(`${setup.exportName} is not exported by ${setup.moduleUrl}`);
  port.on('message', (message: InvokeMessage) => void run(handler, message));
  answer({ kind: 'ready' });
} catch (error) {
  answer(failure(error));
}
