import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidToken,
  StateMachineDoesNotExist,
  TaskTimedOut,
} from '@aws-sdk/client-sfn';
import { StateFailure } from './asl/failure.ts';
import { interpret, type RunServices, type TaskToken, type WorkOutcome } from './asl/interpreter.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Stage } from './stage.ts';

export interface Execution {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly input: string;
  readonly startDate: Date;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  stopDate?: Date;
  /** States in the order they were entered. */
  readonly states: string[];
}

type Input = Readonly<Record<string, unknown>>;
const $metadata = {};

/** Step Functions over the interpreter: executions by name, task tokens, and the queue of what cannot be told. */
export class Workflows {
  readonly executions = new Map<string, Execution>();
  /** Messages of the dead-letter queue. */
  readonly deadLetters: Record<string, unknown>[] = [];
  readonly #tokens = new Map<string, (outcome: WorkOutcome) => void>();
  #tokensMade = 0;
  running = 0;
  readonly #kernel: Kernel;
  readonly #stage: Stage;
  readonly #lambdas: Lambdas;

  constructor(kernel: Kernel, stage: Stage, lambdas: Lambdas) {
    this.#kernel = kernel;
    this.#stage = stage;
    this.#lambdas = lambdas;
  }

  /** What SFNClient answers to a command's name and input. @throws the SDK's own errors */
  send(operation: string, input: Input): unknown {
    switch (operation) {
      case 'StartExecution':
        return this.#start(String(input.stateMachineArn), String(input.name), String(input.input));
      case 'DescribeExecution': {
        const found = this.executions.get(String(input.executionArn));
        if (!found) throw new ExecutionDoesNotExist({ message: 'Execution Does Not Exist', $metadata });
        const { arn: executionArn, status, name, startDate, stopDate } = found;
        return { executionArn, status, name, startDate, stopDate };
      }
      case 'ListExecutions': {
        const { stateMachineArn, statusFilter } = input;
        const executions = [...this.executions.values()].filter(
          ({ machineArn, status }) => machineArn === stateMachineArn && status === statusFilter,
        );
        return { executions: executions.reverse() };
      }
      case 'SendTaskSuccess': {
        const settle = this.#tokens.get(String(input.taskToken));
        if (!settle) throw this.#refusal(String(input.taskToken));
        settle({ ok: true, output: JSON.parse(String(input.output)) });
        return {};
      }
      default:
        throw new Error(`The simulation's Step Functions does not know ${operation}`);
    }
  }

  /** An operator's StopExecution: nothing of it goes on, and nothing is undone. */
  stop(name: string): boolean {
    const found = [...this.executions.values()].find(
      (execution) => execution.name === name && execution.status === 'RUNNING',
    );
    if (found) this.#close(found, 'ABORTED');
    return found !== undefined;
  }

  /** Whether an execution of the order, checkout or reversal, has come by a state. */
  hasEntered(orderId: string, state: string): boolean {
    for (const { name, states } of this.executions.values()) {
      if (name.startsWith(orderId) && states.includes(state)) return true;
    }
    return false;
  }

  #refusal(token: string): Error {
    if (!token.startsWith('token-')) return new InvalidToken({ message: 'Invalid Token', $metadata });
    return new TaskTimedOut({ message: 'Task Timed Out', $metadata });
  }

  #start(machineArn: string, name: string, input: string): unknown {
    const machine = this.#stage.machines.find(({ arn }) => arn === machineArn);
    if (!machine) throw new StateMachineDoesNotExist({ message: machineArn, $metadata });
    const arn = `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const known = this.executions.get(arn);
    if (known) {
      const isSame = known.status === 'RUNNING' && known.input === input;
      if (!isSame) throw new ExecutionAlreadyExists({ message: 'Execution Already Exists', $metadata });
      return { executionArn: arn, startDate: known.startDate };
    }
    const startDate = new Date(this.#kernel.clock.now);
    const execution: Execution = { arn, machineArn, name, input, startDate, status: 'RUNNING', states: [] };
    this.executions.set(arn, execution);
    this.running += 1;
    this.#kernel.note('execution', name, 'starts');
    const run = {
      context: { Execution: { Id: arn, Name: name } },
      services: this.#servicesOf(execution),
      isOpen: () => execution.status === 'RUNNING',
    };
    // Outside of the invocation that has started it: what the execution does is not that invocation's.
    this.#kernel.running.exit(() => {
      interpret(machine.definition, JSON.parse(input), run).then(
        () => this.#close(execution, 'SUCCEEDED'),
        (error: unknown) => {
          if (error instanceof StateFailure) this.#close(execution, 'FAILED');
          else this.#kernel.break(error);
        },
      );
    });
    return { executionArn: arn, startDate };
  }

  #close(execution: Execution, status: Execution['status']): void {
    if (execution.status !== 'RUNNING') return;
    execution.status = status;
    execution.stopDate = new Date(this.#kernel.clock.now);
    this.running -= 1;
    this.#kernel.note('execution', execution.name, status);
  }

  #servicesOf(execution: Execution): RunServices {
    const kernel = this.#kernel;
    return {
      wait(milliseconds, then) {
        const timer = kernel.clock.in(milliseconds, then);
        return () => {
          timer.run = undefined;
        };
      },
      now: () => kernel.clock.now,
      random: () => kernel.rng.next(),
      invoke: (arn, payload) => {
        const lambda = this.#stage.lambdaOf.get(arn);
        if (!lambda) throw new Error(`The stage has no Lambda ${arn}`);
        return this.#lambdas.invoke(lambda, payload, `${execution.name}/${execution.states.at(-1)}`);
      },
      sendToQueue: (_url, body) => this.#toQueue(body),
      newToken: () => this.#newToken(),
      entered: (state) => {
        execution.states.push(state);
        kernel.note('state', execution.name, state);
      },
    };
  }

  async #toQueue(body: unknown): Promise<WorkOutcome> {
    const kernel = this.#kernel;
    const fault = kernel.faults.ofCall('sqs', kernel.elapsed, 'sqs');
    await kernel.sleep(kernel.around(8));
    const isRefused = fault === 'refused' || fault === 'crash_before' || fault === 'conflict';
    if (!isRefused) this.deadLetters.push(body as Record<string, unknown>);
    kernel.note('dead letter', isRefused ? 'refused' : 'sent');
    if (!fault) return { ok: true, output: { MessageId: String(this.deadLetters.length) } };
    return { ok: false, error: 'SQS.SqsException', cause: fault };
  }

  #newToken(): TaskToken {
    this.#tokensMade += 1;
    const token = `token-${this.#tokensMade}`;
    const { promise, resolve } = Promise.withResolvers<WorkOutcome>();
    this.#tokens.set(token, (outcome) => {
      this.#tokens.delete(token);
      resolve(outcome);
    });
    return { token, outcome: promise, release: () => void this.#tokens.delete(token) };
  }
}
