import type { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { batchGet, batchGetOf } from '../../../shared/adapters/dynamodb/batch-get.ts';
import type { Dynamo } from '../../../shared/adapters/dynamodb/client.ts';
import { TransientError } from '../../../shared/errors.ts';

const retry = { random: () => 0.5, sleep: async () => undefined };
type Requests = NonNullable<BatchGetCommand['input']['RequestItems']>;

/** A DynamoDB that has every key, and reads only so many of them in a call. */
function readingAtMost(count: number) {
  const calls: Requests[] = [];
  const send = async ({ input: { RequestItems = {} } }: BatchGetCommand) => {
    calls.push(RequestItems);
    let left = count;
    const Responses: Record<string, unknown[]> = {};
    const UnprocessedKeys: Requests = {};
    for (const [table, { Keys = [] }] of Object.entries(RequestItems)) {
      const read = Keys.slice(0, left);
      left -= read.length;
      Responses[table] = read;
      if (read.length < Keys.length) UnprocessedKeys[table] = { Keys: Keys.slice(read.length) };
    }
    return { Responses, UnprocessedKeys };
  };
  return { client: { send } as unknown as Dynamo, calls };
}

const keys = (count: number, name = 'k') =>
  Array.from({ length: count }, (_, index) => ({ pk: `${name}-${index}` }));
const sizes = (calls: readonly Requests[]) =>
  calls.map((call) => Object.values(call).map(({ Keys = [] }) => Keys.length));

describe('reading items of several tables', () => {
  const both = new Map([
    ['products', keys(2, 'p')],
    ['counters', keys(3, 'c')],
  ]);

  test('takes one call, and keeps the tables apart', async () => {
    const { client, calls } = readingAtMost(100);
    const found = await batchGetOf(client, both, retry, { consistent: true });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(both));
    expect(sizes(calls)).toEqual([[2, 3]]);
    expect(Object.values(calls[0] ?? {}).map(({ ConsistentRead }) => ConsistentRead)).toEqual([true, true]);
  });

  test('asks again for what was left out, in whichever table, as consistently', async () => {
    const { client, calls } = readingAtMost(3);
    const found = await batchGetOf(client, both, retry, { consistent: true });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(both));
    expect(sizes(calls)).toEqual([[2, 3], [2]]);
    expect(calls[1]).toEqual({ counters: { Keys: keys(3, 'c').slice(1), ConsistentRead: true } });
  });

  test('counts the keys of all tables against the hundred of a call', async () => {
    const { client, calls } = readingAtMost(100);
    const many = new Map([
      ['products', keys(60, 'p')],
      ['counters', keys(60, 'c')],
    ]);
    const found = await batchGetOf(client, many, retry, { consistent: false });
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(many));
    expect(sizes(calls)).toEqual([[60, 40], [20]]);
  });

  test('gives up when some are always left out', async () => {
    const { client, calls } = readingAtMost(0);
    await expect(batchGet(client, 'products', keys(1), retry, { consistent: true })).rejects.toThrow(
      TransientError,
    );
    expect(calls).toHaveLength(4);
  });

  test('asks nothing when nothing is wanted', async () => {
    const { client, calls } = readingAtMost(100);
    expect(await batchGet(client, 'products', [], retry, { consistent: true })).toEqual([]);
    expect(calls).toEqual([]);
  });
});
