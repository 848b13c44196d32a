import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import {
  answerSchema,
  type FunctionError,
  type InvocationResult,
  type InvokeMessage,
  type WorkerSetup,
} from './protocol.ts';

export interface EnvironmentOptions {
  readonly setup: WorkerSetup;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly onLog: (text: string) => void;
}

/** A function's worker. It starts at the first use, and again after it died. */
export class ExecutionEnvironment {
  readonly #options: EnvironmentOptions;
  readonly #pending = new Map<number, (result: InvocationResult) => void>();
  #started: Promise<Worker> | undefined;
  #worker: Worker | undefined;
  #nextId = 1;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
  }

  /** Loads the bundle, so that the first invocation need not wait for it. Never throws: an invocation will tell. */
  async warm(): Promise<void> {
    await this.#start().catch(() => undefined);
  }

  /** Runs the handler once. Never throws: what the function throws comes back as an error result. */
  async invoke(event: unknown): Promise<InvocationResult> {
    let worker: Worker;
    try {
      worker = await this.#start();
    } catch (error) {
      return { ok: false, error: asFunctionError(error) };
    }
    const id = this.#nextId++;
    const requestId = randomUUID();
    const { timeoutMs } = this.#options;
    const message: InvokeMessage = {
      id,
      requestId,
      eventJson: JSON.stringify(event ?? null),
      deadline: Date.now() + timeoutMs,
    };
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
        this.#settle(id, { ok: false, error: { errorType: 'Sandbox.Timedout', errorMessage } });
      }, timeoutMs);
      this.#pending.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      worker.postMessage(message);
    });
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    this.#failAll({ errorType: 'Runtime.ExitError', errorMessage: 'The local runtime was stopped.' });
    await worker?.terminate();
  }

  #start(): Promise<Worker> {
    this.#started ??= new Promise((resolve, reject) => {
      const { setup, variables, onLog } = this.#options;
      const worker = new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: setup,
        env: { ...variables },
        argv: [],
        execArgv: [],
        stdout: true,
        stderr: true,
        name: setup.functionName,
      });
      this.#worker = worker;
      for (const stream of [worker.stdout, worker.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => onLog(text));
      }
      worker.on('message', (raw: unknown) => {
        const message = answerSchema.parse(raw);
        if (message.kind === 'ready') resolve(worker);
        else if (message.kind === 'result')
          this.#settle(message.id, { ok: true, payload: JSON.parse(message.resultJson) });
        else if (message.id === undefined) reject(new LoadError(message));
        else this.#settle(message.id, { ok: false, error: functionError(message) });
      });
      worker.on('error', (error) => onLog(`${setup.functionName}: ${String(error)}\n`));
      worker.on('exit', (code) => {
        this.#started = undefined;
        this.#worker = undefined;
        const error = { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with code ${code}` };
        reject(new LoadError({ ...error, trace: [] }));
        this.#failAll(error);
      });
    });
    return this.#started;
  }

  #settle(id: number, result: InvocationResult): void {
    const settle = this.#pending.get(id);
    this.#pending.delete(id);
    settle?.(result);
  }

  #failAll(error: FunctionError): void {
    for (const id of [...this.#pending.keys()]) this.#settle(id, { ok: false, error });
  }
}

class LoadError extends Error {
  override readonly name = 'LoadError';
  readonly functionError: FunctionError;

  constructor(error: { errorType: string; errorMessage: string; trace: string[] }) {
    super(error.errorMessage);
    this.functionError = functionError(error);
  }
}

function functionError(error: { errorType: string; errorMessage: string; trace: string[] }): FunctionError {
  return { errorType: error.errorType, errorMessage: error.errorMessage, trace: error.trace };
}

function asFunctionError(error: unknown): FunctionError {
  return error instanceof LoadError
    ? error.functionError
    : { errorType: 'Runtime.Unknown', errorMessage: String(error) };
}
