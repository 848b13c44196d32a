import { setTimeout as sleep } from 'node:timers/promises';
import {
  readCheckoutDefinition,
  readReversalDefinition,
  renderCheckoutDefinition,
} from '../../lib/checkout-definition.ts';
import type { InvocationResult } from '../../local/lambda/protocol.ts';
import { StepFunctionsEngine } from '../../local/step-functions/engine.ts';
import type { ExecutionRecord } from '../../local/step-functions/execution-record.ts';

type Payload = Record<string, unknown>;
/** Plays a task's Lambda: answers, or throws a `Fault`. `call` counts from 1. */
export type TaskScript = (payload: Payload, call: number) => unknown;

/** The error that a Lambda reports to Step Functions. */
export class Fault extends Error {
  readonly errorType: string;

  constructor(errorType: string) {
    super(`scripted ${errorType}`);
    this.errorType = errorType;
  }
}

/** Fails the first `times` calls, then answers. */
export function failing(times: number, errorType: string, then: unknown = null): TaskScript {
  return (_payload, call) => {
    if (call <= times) throw new Fault(errorType);
    return then;
  };
}

export const always = (errorType: string): TaskScript => failing(Number.POSITIVE_INFINITY, errorType);

const total = { amount: 1999, currency: 'USD' };
export const lines = [{ productId: 'mug', quantity: 1 }];

/** Every task answering as it does when all goes well. */
const goodDay: Readonly<Record<string, TaskScript>> = {
  validateProfile: () => ({ isProfileComplete: true, cancelled: false }),
  waitForProfile: () => null,
  validateOrder: () => ({ outcome: 'allocated', lines, totalAmount: total, paymentMethod: 'pm_card_visa' }),
  authorize: () => ({ status: 'authorized', paymentId: 'pay-1', fraudFlag: false }),
  holdForReview: () => null,
  capture: () => null,
  updateOrderStatus: () => ({ outcome: 'paid' }),
  commit: () => null,
  undo: () => null,
  release: () => null,
  failOrder: ({ failure }) => failure,
  closeRefund: () => ({ code: 'refunded', system: false }),
  markForRepair: () => null,
  notify: () => null,
  track: () => null,
  record: () => null,
};

export interface RunOptions {
  /** Answers the task token that a waiting task was given; undefined lets it time out. */
  readonly answer?: Payload;
  /** Makes the dead-letter queue refuse. */
  readonly queueFails?: boolean;
}

export interface CheckoutRun {
  readonly record: ExecutionRecord;
  /** States in the order they were entered; parallel branches in the order they began. */
  readonly states: readonly string[];
  /** Calls in order: task name and payload. */
  readonly calls: readonly { readonly task: string; readonly payload: Payload }[];
  readonly deadLetters: readonly Payload[];
  tasks(): string[];
  called(task: string): Payload[];
}

const order = { orderId: 'order-1', userId: 'user-1', productIds: ['mug'] };
type Scripts = Readonly<Record<string, TaskScript>>;

/** A checkout of one line. */
export function runCheckout(scripts: Scripts = {}, options: RunOptions = {}): Promise<CheckoutRun> {
  return runMachine(readCheckoutDefinition(), { ...order, fillFromProfile: false }, scripts, options);
}

/** A reversal, as each of its kinds is started. */
export function runReversal(
  kind: 'cancel' | 'refund' | 'repair',
  scripts: Scripts = {},
  options: RunOptions = {},
): Promise<CheckoutRun> {
  const code = { cancel: 'cancelled', refund: 'refunded', repair: 'internal' }[kind];
  const input = { ...order, kind, failure: { code, system: false } };
  return runMachine(readReversalDefinition(), input, scripts, options);
}

const machineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:UnderTest';

/**
 * Runs the deployed ASL file to its end with scripted Lambdas. Waits between retries are a hundredth of a
 * millisecond for each second; the two pauses and the payment time out after 0.3 s.
 */
async function runMachine(
  asl: string,
  input: object,
  scripts: Scripts,
  options: RunOptions,
): Promise<CheckoutRun> {
  const calls: { task: string; payload: Payload }[] = [];
  const deadLetters: Payload[] = [];
  const engine = new StepFunctionsEngine(
    [{ arn: machineArn, name: 'UnderTest', definition: render(asl) }],
    {
      retryIntervalScale: 0.00001,
      stateTimeoutSeconds: { WaitForProfile: 0.3, HoldForReview: 0.3, ProcessPayment: 0.3 },
    },
    {
      async invoke(_functionArn, event): Promise<InvocationResult> {
        const payload = JSON.parse(JSON.stringify(event)) as Payload & { task: string };
        const { task } = payload;
        calls.push({ task, payload });
        const call = calls.filter((made) => made.task === task).length;
        try {
          const script = scripts[task] ?? goodDay[task];
          if (!script) throw new Fault('NoSuchTask');
          const answer = (await script(payload, call)) ?? null;
          if (typeof payload.taskToken === 'string' && options.answer) {
            const { taskToken } = payload;
            setTimeout(() => engine.tokens.settle(taskToken, { ok: true, output: options.answer }), 5);
          }
          return { ok: true, payload: answer };
        } catch (error) {
          const errorType = error instanceof Fault ? error.errorType : 'Error';
          return { ok: false, error: { errorType, errorMessage: String(error) } };
        }
      },
      sendToQueue(_queueUrl, body) {
        if (options.queueFails) throw new Error('scripted queue failure');
        deadLetters.push(JSON.parse(body));
        return { MessageId: 'message-1', MD5OfMessageBody: '' };
      },
    },
  );
  const record = await engine.start({
    stateMachineArn: machineArn,
    name: order.orderId,
    input: JSON.stringify(input),
  });
  const deadline = Date.now() + 30_000;
  while (record.status === 'RUNNING') {
    if (Date.now() > deadline) throw new Error('The checkout did not end');
    await sleep(2);
  }
  const states = record.events.flatMap((event) => {
    const details = event.stateEnteredEventDetails as { name: string } | undefined;
    return details ? [details.name] : [];
  });
  return {
    record,
    states,
    calls,
    deadLetters,
    tasks: () => calls.map((call) => call.task),
    called: (task) => calls.filter((call) => call.task === task).map((call) => call.payload),
  };
}

function render(asl: string): string {
  return renderCheckoutDefinition(asl, {
    taskTimeoutSeconds: 2,
    profileTimeoutSeconds: 60,
    reviewTimeoutSeconds: 60,
  });
}

interface AslScope {
  States: Record<string, { Branches?: AslScope[] }>;
}

/** Names of all states of a definition, those inside parallel branches included. */
export function statesOf(asl: string): string[] {
  const namesIn = (scope: AslScope): string[] =>
    Object.entries(scope.States).flatMap(([name, { Branches = [] }]) => [name, ...Branches.flatMap(namesIn)]);
  return namesIn(JSON.parse(asl) as AslScope);
}
