import { describe, expect, it } from 'vitest';
import { commit } from '../../../lambdas/inventory/commit.ts';
import { release } from '../../../lambdas/inventory/release.ts';
import { NotHeldError } from '../../../shared/inventory/inventory-store.ts';
import { createTaskHandler } from '../../../shared/workflow/task-handler.ts';

const now = new Date('2026-03-01T12:00:00.000Z');

function inventoryLambda(refuse?: Error) {
  const calls: unknown[] = [];
  const record =
    (name: string) =>
    async (...call: unknown[]) => {
      if (refuse) throw refuse;
      calls.push([name, ...call]);
    };
  const inventory = {
    commit: record('commit'),
    release: record('release'),
    hold: () => Promise.reject(new Error('not a task')),
    linesOf: () => Promise.reject(new Error('not a task')),
  };
  const ports = { inventory, clock: { now: () => now } };
  return {
    calls,
    handler: createTaskHandler(() => ({
      commit: commit(ports),
      release: release({ ...ports, stock: { look: async () => undefined } }),
    })),
  };
}

describe('the inventory Lambda', () => {
  const lines = [{ productId: 'p', quantity: 2 }];

  it('sells the lines that the state machine names', async () => {
    const { handler, calls } = inventoryLambda();
    const event = { task: 'commit', orderId: 'o', lines: [{ ...lines[0], name: 'Mug' }], execution: 'o' };
    expect(await handler(event)).toEqual({ committed: true });
    expect(calls).toEqual([['commit', 'o', lines, now]]);
  });

  it('releases whatever the order has of its products', async () => {
    const { handler, calls } = inventoryLambda();
    expect(await handler({ task: 'release', orderId: 'o', productIds: ['p', 'q'] })).toEqual({
      released: true,
    });
    expect(calls).toEqual([['release', 'o', ['p', 'q'], now]]);
  });

  it.each([
    { task: 'commit', orderId: 'o' },
    { task: 'commit', orderId: 'o', lines: [{ productId: 'p', quantity: 0 }] },
    { task: 'commit', lines },
    { task: 'release', orderId: 'o', lines },
    { task: 'hold', orderId: 'o', lines },
  ])('refuses %j for good, doing nothing', async (event) => {
    const { handler, calls } = inventoryLambda();
    await expect(handler(event)).rejects.toMatchObject({ name: 'InvalidTaskInputError' });
    expect(calls).toEqual([]);
  });

  it('hands errors over by their own names, which choose Retry or Catch', async () => {
    const { handler } = inventoryLambda(new NotHeldError('gone'));
    await expect(handler({ task: 'commit', orderId: 'o', lines })).rejects.toMatchObject({
      name: 'NotHeldError',
    });
  });
});
