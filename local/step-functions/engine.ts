import { randomUUID } from 'node:crypto';
import { AwsError } from '../aws/aws-error.ts';
import type { StateMachineModel } from '../template/deployment.ts';
import { type DefinitionOptions, type LoadedDefinition, loadDefinition } from './definition.ts';
import { type RunningExecution, runExecution } from './execution.ts';
import { type ExecutionRecord, isRedrivable } from './execution-record.ts';
import type { TaskServices } from './task-runner.ts';
import { TaskTokens } from './task-tokens.ts';

export interface StartRequest {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  readonly input: string;
}

/** Runs state machines as Step Functions' standard workflows do. */
export class StepFunctionsEngine {
  readonly tokens = new TaskTokens();
  readonly machines: readonly StateMachineModel[];
  readonly #definitions: ReadonlyMap<string, LoadedDefinition>;
  readonly #services: TaskServices;
  readonly #records = new Map<string, ExecutionRecord>();
  readonly #running = new Map<string, RunningExecution>();
  readonly #onChange: (record: ExecutionRecord) => void;

  /** @param onChange called when an execution starts and when it ends */
  constructor(
    machines: readonly StateMachineModel[],
    options: DefinitionOptions,
    services: TaskServices,
    onChange: (record: ExecutionRecord) => void = () => undefined,
  ) {
    this.machines = machines;
    this.#definitions = new Map(
      machines.map(({ arn, definition }) => [arn, loadDefinition(definition, options)]),
    );
    this.#services = services;
    this.#onChange = onChange;
  }

  /** Oldest first. */
  get executions(): readonly ExecutionRecord[] {
    return [...this.#records.values()];
  }

  /**
   * Starts an execution. The same name with the same input answers the one that is still running.
   * @throws AwsError as StartExecution does
   */
  async start({ stateMachineArn, name = randomUUID(), input }: StartRequest): Promise<ExecutionRecord> {
    const loaded = this.#definitions.get(stateMachineArn);
    if (!loaded)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    if (!/^[\w-]{1,80}$/.test(name)) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
    if (!isJson(input)) throw new AwsError('InvalidExecutionInput', 'Invalid State Machine Execution Input');
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const known = this.#records.get(arn);
    if (known?.status === 'RUNNING' && known.input === input) return known;
    if (known) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    const record: ExecutionRecord = {
      arn,
      stateMachineArn,
      name,
      input,
      startedAt: new Date(),
      status: 'RUNNING',
      events: [],
      transitions: 0,
    };
    this.#records.set(arn, record);
    await this.#run(record, loaded);
    return record;
  }

  /** Takes over records of an earlier process. What was still running starts over: every task works only once. */
  async restore(records: readonly ExecutionRecord[]): Promise<void> {
    for (const record of records) {
      this.#records.set(record.arn, record);
      const loaded = this.#definitions.get(record.stateMachineArn);
      if (record.status !== 'RUNNING' || !loaded) continue;
      record.events.length = 0;
      await this.#run(record, loaded);
    }
  }

  /** @throws AwsError ExecutionDoesNotExist */
  find(arn: string): ExecutionRecord {
    const record = this.#records.get(arn);
    if (!record) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return record;
  }

  /** @throws AwsError ExecutionDoesNotExist */
  abort(arn: string, error?: string, cause?: string): ExecutionRecord {
    const record = this.find(arn);
    if (record.status === 'RUNNING') this.#running.get(arn)?.abort(error, cause);
    return record;
  }

  /**
   * Runs an execution that ended badly once more. AWS goes on at the state that failed, this one from the start on:
   * every task works only once, so what was done stays done.
   * @throws AwsError ExecutionDoesNotExist · ExecutionNotRedrivable
   */
  async redrive(arn: string): Promise<Date> {
    const record = this.find(arn);
    const loaded = this.#definitions.get(record.stateMachineArn);
    if (!loaded || !isRedrivable(record))
      throw new AwsError('ExecutionNotRedrivable', `Execution Not Redrivable: '${arn}'`);
    Object.assign(record, {
      status: 'RUNNING',
      stoppedAt: undefined,
      output: undefined,
      error: undefined,
      cause: undefined,
      redrives: (record.redrives ?? 0) + 1,
    });
    await this.#run(record, loaded);
    return new Date();
  }

  /** Leaves running executions as they are on record and runs no further state of theirs. */
  stop(): void {
    for (const running of this.#running.values()) running.halt();
  }

  async #run(record: ExecutionRecord, loaded: LoadedDefinition): Promise<void> {
    const { StateMachine } = await import('aws-local-stepfunctions');
    const machine = new StateMachine(loaded.definition, { validationOptions: { noValidate: true } });
    const running = runExecution({
      machine,
      loaded,
      record,
      services: this.#services,
      tokens: this.tokens,
    });
    this.#running.set(record.arn, running);
    this.#onChange(record);
    void running.done.then(() => {
      this.#running.delete(record.arn);
      this.#onChange(record);
    });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
