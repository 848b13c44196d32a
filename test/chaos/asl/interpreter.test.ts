import { describe, expect, test } from 'vitest';
import {
  readCheckoutDefinition,
  readReversalDefinition,
  renderCheckoutDefinition,
} from '../../../lib/checkout-definition.ts';
import {
  always,
  type CheckoutRun,
  Fault,
  failing,
  runCheckout,
  runReversal,
  type TaskScript,
} from '../../support/checkout-machine.ts';
import { VirtualClock } from '../clock.ts';
import { readDefinition } from './definition.ts';
import { StateFailure } from './failure.ts';
import { interpret, type WorkOutcome } from './interpreter.ts';

type Scripts = Readonly<Record<string, TaskScript>>;
const timeouts = { taskTimeoutSeconds: 20, profileTimeoutSeconds: 60, reviewTimeoutSeconds: 60 };

/** Runs a machine by the simulation's interpreter with the scripts that the other one was given. */
async function simulate(asl: string, run: CheckoutRun, scripts: Scripts, answer?: object) {
  const clock = new VirtualClock(0);
  const states: string[] = [];
  const calls: string[] = [];
  let status = 'RUNNING';
  const wait = (milliseconds: number, then: () => void) => {
    const timer = clock.in(milliseconds, then);
    return () => {
      timer.run = undefined;
    };
  };
  const invoke = async (_arn: string, payload: unknown): Promise<WorkOutcome> => {
    const { task } = payload as { task: string };
    calls.push(task);
    const count = calls.filter((made) => made === task).length;
    try {
      return { ok: true, output: (await scripts[task]?.(payload as never, count)) ?? null };
    } catch (error) {
      return { ok: false, error: error instanceof Fault ? error.errorType : 'Error', cause: '' };
    }
  };
  const newToken = () => {
    const outcome = answer
      ? Promise.resolve<WorkOutcome>({ ok: true, output: answer })
      : new Promise<WorkOutcome>(() => undefined);
    return { token: 'token', outcome, release: () => undefined };
  };
  const sendToQueue = async () => ({ ok: true as const, output: {} });
  const entered = (name: string) => void states.push(name);
  const services = { wait, now: () => clock.now, random: () => 0.5, invoke, sendToQueue, newToken, entered };
  const definition = readDefinition(renderCheckoutDefinition(asl, timeouts));
  const input: unknown = JSON.parse(run.record.input);
  void interpret(definition, input, {
    context: { Execution: { Id: 'arn' } },
    services,
    isOpen: () => true,
  }).then(
    () => {
      status = 'SUCCEEDED';
    },
    (error: unknown) => {
      status = error instanceof StateFailure ? 'FAILED' : String(error);
    },
  );
  while (status === 'RUNNING') {
    await new Promise((resolve) => setImmediate(resolve));
    clock.take(Number.POSITIVE_INFINITY)?.run?.();
  }
  return { status, states: states.sort(), calls: calls.sort() };
}

const told = (run: CheckoutRun) => ({
  status: run.record.status,
  states: [...run.states].sort(),
  calls: run.tasks().sort(),
});

const tasks = [
  'validateProfile',
  'validateOrder',
  'authorize',
  'capture',
  'updateOrderStatus',
  'commit',
  'notify',
];
const errors = ['TransientError', 'Sandbox.Timedout', 'Lambda.ServiceException', 'NotHeldError', 'Error'];
const held = { authorize: () => ({ status: 'authorized', paymentId: 'pay-1', fraudFlag: true }) };

const valid = {
  outcome: 'allocated',
  lines: [{ productId: 'mug', quantity: 1 }],
  totalAmount: { amount: 1999, currency: 'USD' },
  paymentMethod: 'pm_card_visa',
};

/** What the other interpreter's own script answers on a good day, so that both are told the same. */
const goodDay: Scripts = {
  validateProfile: () => ({ isProfileComplete: true, cancelled: false }),
  validateOrder: () => valid,
  authorize: () => ({ status: 'authorized', paymentId: 'pay-1', fraudFlag: false }),
  updateOrderStatus: () => ({ outcome: 'paid' }),
  failOrder: ({ failure }) => failure,
  closeRefund: () => ({ code: 'refunded', system: false }),
};

describe('the simulation’s interpreter goes the way of the one that the transition tests use', () => {
  const cases: [string, Scripts, object?][] = [
    ['a good day', {}],
    ['out of stock', { validateOrder: () => ({ ...valid, outcome: 'out_of_stock' }) }],
    ['declined', { authorize: () => ({ status: 'declined', paymentId: null, fraudFlag: false }) }],
    ['held and approved', held, { decision: 'approved' }],
    ['held and rejected', held, { decision: 'rejected' }],
    ['held for ever', held],
    ['an undo that fails for good', { capture: always('Error'), undo: always('Error') }],
    [
      'every undo fails',
      {
        capture: always('Error'),
        undo: always('Error'),
        release: always('Error'),
        failOrder: always('Error'),
      },
    ],
    ...tasks.flatMap((task) =>
      errors.flatMap((error): [string, Scripts][] => [
        [`${error} for good in ${task}`, { [task]: always(error) }],
        [`${error} once in ${task}`, { [task]: failing(1, error, goodDay[task]?.({}, 1) ?? null) }],
      ]),
    ),
  ];
  test.each(cases)('checkout: %s', async (_name, scripts, answer) => {
    const all = { ...goodDay, ...scripts };
    const run = await runCheckout(all, answer ? { answer: answer as Record<string, unknown> } : {});
    expect(await simulate(readCheckoutDefinition(), run, all, answer)).toEqual(told(run));
  });

  test.each(['cancel', 'refund', 'repair'] as const)(
    'reversal: %s, with and without faults',
    async (kind) => {
      for (const scripts of [
        {},
        { undo: always('Error') },
        { release: always('Error') },
        { closeRefund: always('Error') },
      ]) {
        const all = { ...goodDay, ...scripts };
        const run = await runReversal(kind, all);
        expect(await simulate(readReversalDefinition(), run, all)).toEqual(told(run));
      }
    },
  );
});

test('a definition with what the interpreter does not know is refused, not misread', () => {
  const machine = (state: object) => JSON.stringify({ StartAt: 'A', States: { A: state } });
  expect(() => readDefinition(machine({ Type: 'Map', End: true }))).toThrow('refuses');
  expect(() => readDefinition(machine({ Type: 'Pass', End: true, OutputPath: '$.a' }))).toThrow('refuses');
});
