import { describe, expect, test } from 'vitest';
import { readReversalDefinition } from '../../lib/checkout-definition.ts';
import {
  always,
  failing,
  type RunOptions,
  runReversal as run,
  statesOf,
} from '../support/checkout-machine.ts';

const visited = new Set<string>();

async function runReversal(
  kind: Parameters<typeof run>[0],
  scripts?: Parameters<typeof run>[1],
  options?: RunOptions,
) {
  const result = await run(kind, scripts, options);
  for (const state of result.states) visited.add(state);
  return result;
}

const undone = (tasks: string[]) =>
  tasks.filter((name) => ['undo', 'release', 'failOrder', 'closeRefund'].includes(name));

describe('a reversal', () => {
  test('of a cancelled order returns the money, then the stock, then closes the order', async () => {
    const reversal = await runReversal('cancel');
    expect(undone(reversal.tasks())).toEqual(['undo', 'release', 'failOrder']);
    expect(reversal.called('release')[0]).toMatchObject({ orderId: 'order-1', productIds: ['mug'] });
    expect(reversal.called('failOrder')[0]?.failure).toEqual({ code: 'cancelled', system: false });
    expect(reversal.called('notify')).toMatchObject([{ failureCode: 'cancelled' }]);
    expect(reversal.record.status).toBe('SUCCEEDED');
  });

  test('of a refunded order leaves the stock with the customer', async () => {
    const reversal = await runReversal('refund');
    expect(undone(reversal.tasks())).toEqual(['undo', 'closeRefund']);
    expect(reversal.called('notify')).toMatchObject([{ failureCode: 'refunded' }]);
    expect(reversal.record.status).toBe('SUCCEEDED');
  });

  test('of an order whose checkout died ends it as failed', async () => {
    const reversal = await runReversal('repair');
    expect(reversal.called('failOrder')[0]?.failure).toEqual({ code: 'internal', system: false });
    expect(reversal.record.status).toBe('SUCCEEDED');
  });

  test('of an order that was not to be cancelled ends in Fail, for the alarm', async () => {
    const reversal = await runReversal('cancel', { failOrder: () => ({ code: 'internal', system: true }) });
    expect(reversal.record).toMatchObject({ status: 'FAILED', error: 'ReversalFailed' });
  });
});

describe('a step of a reversal', () => {
  test.each(['undo', 'release', 'failOrder'])('%s is tried again when the fault may pass', async (task) => {
    const then = task === 'failOrder' ? { code: 'cancelled', system: false } : null;
    const reversal = await runReversal('cancel', { [task]: failing(3, 'TransientError', then) });
    expect(reversal.called('markForRepair')).toEqual([]);
    expect(reversal.record.status).toBe('SUCCEEDED');
  });

  test.each([
    ['cancel', 'undo', 'UndoPayment', ['undo', 'release', 'failOrder']],
    ['cancel', 'release', 'ReleaseInventory', ['undo', 'release', 'failOrder']],
    ['cancel', 'failOrder', 'FailOrder', ['undo', 'release', 'failOrder']],
  ] as const)(
    'of a %s: %s that never comes through leaves a mark, and the rest is done',
    async (kind, task, step, all) => {
      for (const markForRepair of [() => null, always('SomeDefect')]) {
        const reversal = await runReversal(kind, { [task]: always('SomeDefect'), markForRepair });
        expect(undone(reversal.tasks())).toEqual(all);
        expect(reversal.called('markForRepair')).toMatchObject([{ step, error: 'SomeDefect' }]);
        expect(reversal.called('notify')).toHaveLength(1);
        expect(reversal.record).toMatchObject({ status: 'FAILED', error: 'ReversalFailed' });
      }
    },
  );

  test.each([
    ['undo', 'UndoPayment', ['undo']],
    ['closeRefund', 'CloseRefund', ['undo', 'closeRefund']],
  ] as const)(
    'of a refund: %s that never comes through leaves a mark, and nobody is told of a refund',
    async (task, step, all) => {
      for (const markForRepair of [() => null, always('SomeDefect')]) {
        const reversal = await runReversal('refund', { [task]: always('SomeDefect'), markForRepair });
        expect(undone(reversal.tasks())).toEqual(all);
        expect(reversal.called('markForRepair')).toMatchObject([{ step, error: 'SomeDefect' }]);
        for (const told of ['notify', 'track', 'record']) expect(reversal.called(told)).toEqual([]);
        expect(reversal.record).toMatchObject({ status: 'FAILED', error: 'ReversalFailed' });
      }
    },
  );

  test.each(['notify', 'track', 'record'])(
    '%s goes to the dead-letter queue and fails nothing',
    async (task) => {
      const reversal = await runReversal('cancel', { [task]: always('Broken') });
      expect(reversal.deadLetters).toMatchObject([{ task, failureCode: 'cancelled' }]);
      expect(reversal.record.status).toBe('SUCCEEDED');
    },
  );

  test('tells analytics when it was, in the dead letter too', async () => {
    const reversal = await runReversal('cancel', { track: always('Broken') });
    const told = [...reversal.called('track'), ...reversal.deadLetters];
    expect(told).toHaveLength(2);
    for (const { at } of told) expect(at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  test('that only tells about it is lost at worst', async () => {
    const broken = { notify: always('Broken'), track: always('Broken'), record: always('Broken') };
    const reversal = await runReversal('cancel', broken, { queueFails: true });
    expect(reversal.record.status).toBe('SUCCEEDED');
  });
});

describe('this suite', () => {
  test('has been in every state of the file', () => {
    expect(statesOf(readReversalDefinition()).filter((state) => !visited.has(state))).toEqual([]);
  });
});
