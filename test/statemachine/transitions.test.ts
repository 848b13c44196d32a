import { describe, expect, test } from 'vitest';
import { readCheckoutDefinition } from '../../lib/checkout-definition.ts';
import {
  always,
  failing,
  lines,
  type RunOptions,
  runCheckout as run,
  statesOf,
} from '../support/checkout-machine.ts';

const visited = new Set<string>();

async function runCheckout(scripts?: Parameters<typeof run>[0], options?: RunOptions) {
  const result = await run(scripts, options);
  for (const state of result.states) visited.add(state);
  return result;
}

const paidPath = [
  'ValidateProfile',
  'IsProfileComplete',
  'ValidateOrder',
  'CheckAllocation',
  'ProcessPayment',
  'CheckPayment',
  'CapturePayment',
  'UpdateOrderStatus',
  'CheckCancellation',
  'UpdateInventory',
  'RecordPaidOrder',
];
const afterPaid = ['SendNotification', 'AnalyticsProcessor', 'AuditLogger'];
const afterFailed = ['SendFailureNotification', 'FailureAnalyticsProcessor', 'FailureAuditLogger'];
const compensation = ['UndoPayment', 'ReleaseInventory', 'FailOrder'];

const flagged = () => ({ status: 'authorized', paymentId: 'pay-1', fraudFlag: true });
const failureOf = (run: Awaited<ReturnType<typeof runCheckout>>) => run.called('failOrder')[0]?.failure;

describe('a checkout where all goes well', () => {
  test('goes through the states in order and tells three services at the end', async () => {
    const run = await runCheckout();
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.states.slice(0, 11)).toEqual(paidPath);
    expect(run.states.slice(11).sort()).toEqual([...afterPaid].sort());
  });

  test('makes at most 14 state transitions', async () => {
    const run = await runCheckout();
    expect(run.record.transitions).toBe(14);
  });

  test('captures what was authorized and sells what was held', async () => {
    const run = await runCheckout();
    expect(run.called('capture')[0]).toMatchObject({ paymentId: 'pay-1', totalAmount: { amount: 1999 } });
    expect(run.called('commit')[0]).toMatchObject({ orderId: 'order-1', lines });
  });

  test('undoes nothing', async () => {
    const run = await runCheckout();
    expect(run.tasks()).not.toEqual(expect.arrayContaining(['undo']));
    expect(run.called('release')).toEqual([]);
  });
});

describe('an incomplete profile', () => {
  const incompleteOnce = (_: unknown, call: number) => ({ isProfileComplete: call > 1, cancelled: false });

  test('pauses the checkout, which goes on once the details are saved', async () => {
    const run = await runCheckout({ validateProfile: incompleteOnce }, { answer: {} });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.states.slice(0, 6)).toEqual([
      'ValidateProfile',
      'IsProfileComplete',
      'WaitForProfile',
      'ProfileSaved',
      'ValidateProfile',
      'IsProfileComplete',
    ]);
    expect(run.called('validateProfile').map((call) => call.fillFromProfile)).toEqual([false, true]);
  });

  test('fails the order when nobody completes it in time', async () => {
    const run = await runCheckout({
      validateProfile: () => ({ isProfileComplete: false, cancelled: false }),
    });
    expect(run.states).toContain('ProfileTimedOut');
    expect(failureOf(run)).toEqual({ code: 'profile_timeout', system: false });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.called('undo')).toEqual([]);
  });
});

describe('the stock', () => {
  const outcome = (value: string) => () => ({
    outcome: value,
    lines: value === 'out_of_stock' ? [] : lines,
    totalAmount: { amount: 1999, currency: 'USD' },
    paymentMethod: 'pm_card_visa',
  });

  test('that is there in part goes on to the payment', async () => {
    const run = await runCheckout({ validateOrder: outcome('partial') });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.called('notify')[0]).toMatchObject({ outcome: 'partial' });
  });

  test('that is out fails the order before any payment', async () => {
    const run = await runCheckout({ validateOrder: outcome('out_of_stock') });
    expect(failureOf(run)).toEqual({ code: 'out_of_stock', system: false });
    expect(run.called('authorize')).toEqual([]);
    expect(run.states).toEqual(expect.arrayContaining(['OutOfStock', 'ReleaseInventory', 'OrderFailed']));
  });

  test('with an outcome that nobody knows is a fault of ours', async () => {
    const run = await runCheckout({ validateOrder: outcome('surprise') });
    expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
  });
});

describe('a payment', () => {
  test.each([
    ['declined', 'payment_declined', 'PaymentDeclined'],
    ['blocked', 'payment_blocked', 'PaymentBlocked'],
  ])(
    'that is %s fails the order, with whatever an earlier attempt did undone',
    async (status, code, state) => {
      const run = await runCheckout({ authorize: () => ({ status, paymentId: null, fraudFlag: false }) });
      expect(run.states).toContain(state);
      expect(failureOf(run)).toEqual({ code, system: false });
      expect(run.called('release')).toHaveLength(1);
      expect(run.called('undo')).toHaveLength(1);
      expect(run.record.status).toBe('SUCCEEDED');
    },
  );

  test('is not tried again when it is declined', async () => {
    const run = await runCheckout({
      authorize: () => ({ status: 'declined', paymentId: null, fraudFlag: false }),
    });
    expect(run.called('authorize')).toHaveLength(1);
  });

  test('that fails twice for a passing reason succeeds at the third attempt', async () => {
    const answer = { status: 'authorized', paymentId: 'pay-1', fraudFlag: false };
    const run = await runCheckout({ authorize: failing(2, 'TransientError', answer) });
    expect(run.called('authorize')).toHaveLength(3);
    expect(run.called('updateOrderStatus')).toHaveLength(1);
  });

  test('that keeps failing is undone after four attempts, since its outcome is unknown', async () => {
    const run = await runCheckout({ authorize: always('TransientError') });
    expect(run.called('authorize')).toHaveLength(4);
    expect(failureOf(run)).toEqual({ code: 'payment_unavailable', system: false });
    expect(run.states).toEqual(
      expect.arrayContaining(['PaymentUnavailable', ...compensation, 'OrderFailed']),
    );
  });

  test('that hangs is timed out, tried again and undone', { timeout: 20_000 }, async () => {
    const run = await runCheckout({ authorize: () => new Promise(() => undefined) });
    expect(run.called('authorize')).toHaveLength(4);
    expect(failureOf(run)).toEqual({ code: 'payment_unavailable', system: false });
  });

  test('with a status that nobody knows is undone as a fault of ours', async () => {
    const run = await runCheckout({
      authorize: () => ({ status: 'surprise', paymentId: null, fraudFlag: false }),
    });
    expect(run.called('undo')).toHaveLength(1);
    expect(run.record.status).toBe('FAILED');
  });

  test('that breaks for good is not tried again and ends as a fault of ours', async () => {
    const run = await runCheckout({ authorize: always('FinalError') });
    expect(run.called('authorize')).toHaveLength(1);
    expect(failureOf(run)).toEqual({ code: 'internal', system: true });
    expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
  });

  test('whose money cannot be taken is undone and counts as declined', async () => {
    const run = await runCheckout({ capture: always('CaptureRefusedError') });
    expect(run.called('capture')).toHaveLength(1);
    expect(failureOf(run)).toEqual({ code: 'payment_declined', system: false });
    expect(run.states).toEqual(expect.arrayContaining(['CaptureRefused', ...compensation]));
  });

  test('whose capture keeps failing is undone', async () => {
    const run = await runCheckout({ capture: always('TransientError') });
    expect(failureOf(run)).toEqual({ code: 'payment_unavailable', system: false });
    expect(run.called('undo')).toHaveLength(1);
  });
});

describe('a payment under suspicion', () => {
  test('goes on once a manager approves it', async () => {
    const run = await runCheckout({ authorize: flagged }, { answer: { decision: 'approved' } });
    expect(run.states).toEqual(expect.arrayContaining(['HoldForReview', 'CheckReview', 'CapturePayment']));
    expect(run.called('updateOrderStatus')).toHaveLength(1);
  });

  test('is undone when a manager rejects it', async () => {
    const run = await runCheckout({ authorize: flagged }, { answer: { decision: 'rejected' } });
    expect(failureOf(run)).toEqual({ code: 'review_rejected', system: false });
    expect(run.called('capture')).toEqual([]);
    expect(run.called('undo')).toHaveLength(1);
    expect(run.record.status).toBe('SUCCEEDED');
  });

  test('is undone when nobody decides in time', async () => {
    const run = await runCheckout({ authorize: flagged });
    expect(failureOf(run)).toEqual({ code: 'review_timeout', system: false });
    expect(run.called('undo')).toHaveLength(1);
  });
});

describe('a cancellation', () => {
  const asCancelled = () => ({ code: 'cancelled', system: false });
  const cancelledAt = {
    'before the stock is held': {
      validateOrder: () => ({
        outcome: 'cancelled',
        lines: [],
        totalAmount: { amount: 1999, currency: 'USD' },
        paymentMethod: 'pm_card_visa',
      }),
    },
    'while the payment was made': { updateOrderStatus: () => ({ outcome: 'cancelled' }) },
    'while the stock was to be sold': { commit: always('NotHeldError') },
  };

  test.each(Object.entries(cancelledAt))('%s undoes all and is no fault', async (_, scripts) => {
    const run = await runCheckout({ ...scripts, failOrder: asCancelled });
    expect(run.states).toEqual(expect.arrayContaining(['CancelRequested', ...compensation, 'OrderFailed']));
    expect(failureOf(run)).toEqual({ code: 'cancelled', system: false });
    expect(run.called('notify')).toMatchObject([{ type: 'order_failed', failureCode: 'cancelled' }]);
    expect(run.called('record')).toMatchObject([{ failureCode: 'cancelled' }]);
    expect(run.record.status).toBe('SUCCEEDED');
  });

  test('of an order that waits for the profile ends the wait', async () => {
    const run = await runCheckout(
      {
        validateProfile: (_, call) => ({ isProfileComplete: false, cancelled: call > 1 }),
        failOrder: asCancelled,
      },
      { answer: {} },
    );
    expect(run.states).toEqual(expect.arrayContaining(['ProfileSaved', 'CancelRequested']));
    expect(run.called('validateOrder')).toEqual([]);
  });

  test('of an order on hold ends the review', async () => {
    const run = await runCheckout(
      { authorize: flagged, failOrder: asCancelled },
      { answer: { decision: 'cancelled' } },
    );
    expect(run.states).toContain('CancelRequested');
    expect(run.called('capture')).toEqual([]);
  });

  test('is what is told about, whatever else went wrong first', async () => {
    const run = await runCheckout({
      authorize: () => ({ status: 'declined', paymentId: null, fraudFlag: false }),
      failOrder: asCancelled,
    });
    expect(failureOf(run)).toEqual({ code: 'payment_declined', system: false });
    expect(run.called('notify')).toMatchObject([{ failureCode: 'cancelled' }]);
  });

  test('that nobody asked for is a fault of ours: the hold was gone without a reason', async () => {
    const run = await runCheckout({
      commit: always('NotHeldError'),
      failOrder: () => ({ code: 'internal', system: true }),
    });
    expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
  });

  test('with an outcome that nobody knows is a fault of ours', async () => {
    const run = await runCheckout({ updateOrderStatus: () => ({ outcome: 'surprise' }) });
    expect(run.record.status).toBe('FAILED');
  });
});

describe('any effectful step that fails for good', () => {
  test.each([
    ['validateProfile', 1],
    ['validateOrder', 1],
    ['authorize', 1],
    ['capture', 1],
    ['updateOrderStatus', 1],
    ['commit', 1],
  ])('%s: payment undone, stock released, order failed, execution in Fail', async (task, attempts) => {
    const run = await runCheckout({ [task]: always('SomeDefect') });
    expect(run.called(task)).toHaveLength(attempts);
    const undone = run.tasks().filter((name) => ['undo', 'release', 'failOrder'].includes(name));
    expect(undone).toEqual(['undo', 'release', 'failOrder']);
    expect(run.called('release')[0]).toMatchObject({ productIds: ['mug'] });
    expect(failureOf(run)).toEqual({ code: 'internal', system: true });
    expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
  });

  test.each(['waitForProfile', 'holdForReview'])('%s: the same', async (task) => {
    const run = await runCheckout({
      [task]: always('SomeDefect'),
      authorize: flagged,
      ...(task === 'waitForProfile'
        ? { validateProfile: () => ({ isProfileComplete: false, cancelled: false }) }
        : {}),
    });
    expect(failureOf(run)).toEqual({ code: 'internal', system: true });
    expect(run.record.status).toBe('FAILED');
  });
});

describe('a passing fault', () => {
  test.each([
    'TransientError',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'Runtime.ExitError',
  ])('%s is retried at every task of the paid path', async (errorType) => {
    const once = (value: unknown) => failing(1, errorType, value);
    const run = await runCheckout({
      validateProfile: once({ isProfileComplete: true, cancelled: false }),
      validateOrder: once({
        outcome: 'allocated',
        lines,
        totalAmount: { amount: 1999, currency: 'USD' },
        paymentMethod: 'pm_card_visa',
      }),
      authorize: once({ status: 'authorized', paymentId: 'pay-1', fraudFlag: false }),
      capture: once(null),
      updateOrderStatus: once({ outcome: 'paid' }),
      commit: once(null),
      notify: once(null),
      track: once(null),
      record: once(null),
    });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.called('failOrder')).toEqual([]);
    const counts = new Set(
      ['authorize', 'commit', 'notify', 'record'].map((task) => run.called(task).length),
    );
    expect(counts).toEqual(new Set([2]));
  });

  test('of a pause is retried with a token of its own', async () => {
    const run = await runCheckout(
      { authorize: flagged, holdForReview: failing(1, 'TransientError') },
      { answer: { decision: 'approved' } },
    );
    const tokens = run.called('holdForReview').map((call) => call.taskToken);
    expect(new Set(tokens).size).toBe(2);
    expect(run.record.status).toBe('SUCCEEDED');
  });

  test('of an undo is retried', async () => {
    const run = await runCheckout({
      capture: always('SomeDefect'),
      undo: failing(3, 'TransientError'),
      release: failing(3, 'States.Timeout'),
      failOrder: failing(3, 'TransientError', { code: 'internal', system: true }),
    });
    expect(run.called('markForRepair')).toEqual([]);
    expect(run.called('failOrder')).toHaveLength(4);
  });
});

describe('an undo that never comes through', () => {
  test.each([
    ['undo', 'UndoPayment', ['release', 'failOrder']],
    ['release', 'ReleaseInventory', ['failOrder']],
    ['failOrder', 'FailOrder', []],
  ])(
    '%s leaves a mark, the rest is undone all the same, and the execution fails',
    async (task, step, rest) => {
      const run = await runCheckout({
        authorize: () => ({ status: 'declined', paymentId: null, fraudFlag: false }),
        ...(task === 'undo' ? { authorize: always('TransientError') } : {}),
        [task]: always('TransientError'),
      });
      expect(run.called(task)).toHaveLength(9);
      expect(run.called('markForRepair')).toMatchObject([{ step, error: 'TransientError' }]);
      for (const later of rest) expect(run.called(later)).toHaveLength(1);
      expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
    },
  );

  test.each(['undo', 'release', 'failOrder'])('%s: even when the mark cannot be left', async (task) => {
    const run = await runCheckout({
      authorize: always('TransientError'),
      [task]: always('SomeDefect'),
      markForRepair: always('SomeDefect'),
    });
    expect(run.called('notify')).toHaveLength(1);
    expect(run.record).toMatchObject({ status: 'FAILED', error: 'CheckoutFailed' });
  });
});

describe('what follows a paid order', () => {
  test.each([
    ['notify', 'DeadLetterNotification'],
    ['track', 'DeadLetterAnalytics'],
    ['record', 'DeadLetterAudit'],
  ])('%s that fails goes to the dead-letter queue and cannot fail the order', async (task, state) => {
    const run = await runCheckout({ [task]: always('TransientError') });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.called('failOrder')).toEqual([]);
    expect(run.states).toContain(state);
    expect(run.deadLetters).toMatchObject([
      { task, orderId: 'order-1', userId: 'user-1', error: { Error: 'TransientError' } },
    ]);
  });

  test('tells analytics when it was, in the dead letter too, which may be done again days later', async () => {
    const before = new Date().toISOString();
    const run = await runCheckout({ track: always('Broken') });
    const after = new Date().toISOString();
    const [{ at } = {}] = run.called('track');
    const [{ at: kept } = {}] = run.deadLetters;
    expect([before, at, kept, after]).toEqual([before, at, kept, after].map(String).sort());
  });

  test('stays paid even when the queue refuses as well', async () => {
    const scripts = { notify: always('Broken'), track: always('Broken'), record: always('Broken') };
    const run = await runCheckout(scripts, { queueFails: true });
    expect(run.record.status).toBe('SUCCEEDED');
    expect(run.states).toEqual(expect.arrayContaining(['NotificationLost', 'AnalyticsLost', 'AuditLost']));
  });
});

describe('what follows a failed order', () => {
  const someTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  const declined = { authorize: () => ({ status: 'declined', paymentId: null, fraudFlag: false }) };

  test('is told to the customer, to analytics and to the trail, with the reason', async () => {
    const run = await runCheckout(declined);
    expect(run.states).toEqual(expect.arrayContaining(afterFailed));
    expect(run.called('notify')[0]).toMatchObject({ type: 'order_failed', failureCode: 'payment_declined' });
    expect(run.called('record')[0]).toMatchObject({ action: 'order.failed' });
  });

  test.each(['notify', 'track', 'record'])('%s that fails goes to the dead-letter queue', async (task) => {
    const run = await runCheckout({ ...declined, [task]: always('Broken') });
    expect(run.deadLetters).toMatchObject([{ task, failureCode: 'payment_declined' }]);
    if (task === 'track')
      for (const told of [...run.called(task), ...run.deadLetters])
        expect(told).toMatchObject({ at: someTime });
    expect(run.record.status).toBe('SUCCEEDED');
  });

  test('ends the same when the queue refuses as well', async () => {
    const broken = { notify: always('Broken'), track: always('Broken'), record: always('Broken') };
    const run = await runCheckout({ ...declined, ...broken }, { queueFails: true });
    expect(run.states).toEqual(
      expect.arrayContaining(['FailureNotificationLost', 'FailureAnalyticsLost', 'FailureAuditLost']),
    );
    expect(run.record.status).toBe('SUCCEEDED');
  });
});

describe('this suite', () => {
  test('has been in every state of the file', () => {
    expect(statesOf(readCheckoutDefinition()).filter((state) => !visited.has(state))).toEqual([]);
  });
});
