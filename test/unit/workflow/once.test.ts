import type { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Dynamo } from '../../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../../shared/adapters/dynamodb/once-store.ts';
import { TransientError } from '../../../shared/errors.ts';
import { type OnceStore, once } from '../../../shared/workflow/once.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
let store: OnceStore;
const at = (seconds: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1000);

beforeAll(async () => {
  dynamo = await startDynamo('idempotency');
  store = createOnceStore(dynamo.client, dynamo.table('idempotency'));
});
afterAll(() => dynamo?.stop());

describe('a claim', () => {
  test('is one caller’s until it ends by itself', async () => {
    expect(await store.claim('a', at(0), at(30))).toBe('claimed');
    expect(await store.claim('a', at(29), at(59))).toBe('busy');
    expect(await store.claim('a', at(30), at(60))).toBe('claimed');
    expect(await store.claim('a', at(31), at(61))).toBe('busy');
  });

  test('is free at once when it is given up', async () => {
    await store.claim('b', at(0), at(30));
    await store.release('b', at(30));
    expect(await store.claim('b', at(0), at(30))).toBe('claimed');
  });

  test('that a later attempt has taken over is not given up by the one before', async () => {
    await store.claim('g', at(0), at(30));
    await store.claim('g', at(30), at(60));
    await store.release('g', at(30));
    expect(await store.claim('g', at(31), at(61))).toBe('busy');
  });

  test('can never be had again once the effect is done, not even by giving it up', async () => {
    await store.claim('c', at(0), at(30));
    await store.complete('c');
    await store.release('c', at(30));
    expect(await store.claim('c', at(3600), at(3630))).toBe('done');
  });

  test('goes to one of ten at once', async () => {
    const claims = await Promise.all(Array.from({ length: 10 }, () => store.claim('d', at(0), at(30))));
    expect(claims.filter((claim) => claim === 'claimed')).toHaveLength(1);
    expect(claims.filter((claim) => claim === 'busy')).toHaveLength(9);
  });

  test('of another key is another claim', async () => {
    expect(await store.claim('e', at(0), at(30))).toBe('claimed');
    expect(await store.claim('f', at(0), at(30))).toBe('claimed');
  });
});

describe('a claim whose answer was lost on the way', () => {
  test('is its own when the SDK repeats the write, and nobody else’s', async () => {
    const { client } = dynamo;
    const send = async (command: PutCommand) => {
      await client.send(command);
      return client.send(command);
    };
    const repeating: Dynamo = Object.create(client, { send: { value: send } });
    const other = createOnceStore(repeating, dynamo.table('idempotency'));
    expect(await other.claim('lost', at(0), at(30))).toBe('claimed');
    expect(await store.claim('lost', at(0), at(30))).toBe('busy');
  });
});

describe('an effect', () => {
  let done: number;
  const effect = async () => {
    done += 1;
  };
  beforeEach(() => {
    done = 0;
  });
  const doing = (key: string, seconds: number, effect: () => Promise<void>) =>
    once(store, key, () => at(seconds), effect);

  test('is done once', async () => {
    await doing('once-1', 0, effect);
    await doing('once-1', 1, effect);
    expect(done).toBe(1);
  });

  test('that another attempt is at is left to it', async () => {
    await doing('once-2', 0, async () => {
      await expect(doing('once-2', 1, effect)).rejects.toThrow(TransientError);
    });
    expect(done).toBe(0);
  });

  test('that fails is tried by the very next attempt', async () => {
    const fault = new TransientError('the topic is busy');
    await expect(
      doing('once-3', 0, async () => {
        throw fault;
      }),
    ).rejects.toBe(fault);
    await doing('once-3', 1, effect);
    expect(done).toBe(1);
  });

  test('whose attempt died is tried again when its claim has ended', async () => {
    await store.claim('once-4', at(0), at(30));
    await expect(doing('once-4', 5, effect)).rejects.toThrow(TransientError);
    await doing('once-4', 31, effect);
    expect(done).toBe(1);
  });
});
