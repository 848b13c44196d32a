import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeliveryRecords } from '../../../shared/adapters/dynamodb/delivery-records.ts';
import { createReaders } from '../../../shared/adapters/dynamodb/notification-readers.ts';
import { createOnceStore } from '../../../shared/adapters/dynamodb/once-store.ts';
import { userKey } from '../../../shared/adapters/dynamodb/user-directory.ts';
import type { User } from '../../../shared/identity/user.ts';
import { aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo('users', 'idempotency');
});
afterAll(() => dynamo?.stop());

const put = (user: User) =>
  dynamo.client.send(
    new PutCommand({
      TableName: dynamo.table('users'),
      Item: { ...userKey(user.userId), listing: 'USER', ...user },
    }),
  );

describe('the record of a delivery', () => {
  const at = (seconds: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1000);
  const attempt = (id: string, seconds: number, most = 2) => ({
    id,
    now: at(seconds),
    until: at(seconds + 20),
    most,
  });
  const recordsOf = (client = dynamo.client) => createDeliveryRecords(client, dynamo.table('idempotency'));
  const read = async (pk: string) => {
    const command = new GetCommand({ TableName: dynamo.table('idempotency'), Key: { pk } });
    return (await dynamo.client.send(command)).Item;
  };

  it('is one attempt’s, then done for good, with what came of it', async () => {
    const records = recordsOf();
    expect(await records.claim('d', attempt('a', 0))).toEqual({ status: 'claimed', sends: 1 });
    expect(await records.claim('d', attempt('b', 1))).toEqual({ status: 'busy' });
    expect(await records.complete('d', 'a', 'undeliverable')).toBe(true);
    expect(await records.claim('d', attempt('c', 90))).toEqual({ status: 'done' });
    expect(await read('d')).toMatchObject({
      outcome: 'undeliverable',
      expiresAt: at(0).getTime() / 1000 + 30 * 86_400,
    });
  });

  it('counts attempts that were not given back, and is nobody’s when there were enough', async () => {
    const records = recordsOf();
    await records.claim('e', attempt('a', 0));
    await records.release('e', 'a');
    expect(await records.claim('e', attempt('b', 1))).toEqual({ status: 'claimed', sends: 1 });
    expect(await records.claim('e', attempt('c', 90))).toEqual({ status: 'claimed', sends: 2 });
    expect(await records.claim('e', attempt('d', 100))).toEqual({ status: 'busy' });
    expect(await records.claim('e', attempt('e', 180))).toEqual({ status: 'spent' });
    expect(await records.claim('e', attempt('f', 180, 3))).toEqual({ status: 'claimed', sends: 3 });
  });

  it('is given back by its own attempt alone, once, and not when it is done', async () => {
    const records = recordsOf();
    await records.claim('f', attempt('a', 0));
    await records.release('f', 'b');
    expect(await records.claim('f', attempt('b', 0))).toEqual({ status: 'busy' });
    await records.release('f', 'a');
    await records.release('f', 'a');
    await records.release('nothing', 'a');
    expect(await read('f')).toMatchObject({ sends: 0 });
    expect(await read('nothing')).toBeUndefined();
    await records.claim('f', attempt('b', 0));
    await records.complete('f', 'b', 'sent');
    await records.release('f', 'b');
    expect(await read('f')).toMatchObject({ state: 'done', outcome: 'sent', sends: 1 });
  });

  it('keeps the outcome that was noted first, and tells who noted it', async () => {
    const records = recordsOf();
    await records.claim('g', attempt('a', 0, 1));
    const all = ['b', 'c', 'd'].map((id) => records.claim('g', attempt(id, 30, 1)));
    expect(await Promise.all(all)).toEqual(Array(3).fill({ status: 'spent' }));
    const noted = await Promise.all(['b', 'c', 'd'].map((id) => records.complete('g', id, 'unknown')));
    expect(noted.filter(Boolean)).toHaveLength(1);
    expect(await records.complete('g', 'a', 'sent')).toBe(false);
    expect(await read('g')).toMatchObject({ outcome: 'unknown' });
  });

  it('that a former version gave back, which counted nothing, is there to be claimed', async () => {
    const former = createOnceStore(dynamo.client, dynamo.table('idempotency'));
    const { now, until } = attempt('a', 0);
    await former.claim('k', now, until);
    await former.release('k', until);
    expect(await recordsOf().claim('k', attempt('b', 0))).toEqual({ status: 'claimed', sends: 1 });
  });

  it('goes to one of many that ask at once', async () => {
    const records = recordsOf();
    const asked = Array.from({ length: 8 }, (_, index) => records.claim('h', attempt(`${index}`, 0)));
    const claims = await Promise.all(asked);
    expect(claims.filter(({ status }) => status === 'claimed')).toEqual([{ status: 'claimed', sends: 1 }]);
    expect(claims.filter(({ status }) => status === 'busy')).toHaveLength(7);
  });

  it('knows its own write when the SDK repeats it, the answer to the first having been lost', async () => {
    const { client } = dynamo;
    /** Each write arrives twice, as after an answer that was lost; the second answer counts. */
    const twice = {
      send: async (...given: Parameters<typeof client.send>) => {
        await client.send(...given);
        return client.send(...given);
      },
    };
    const records = recordsOf(twice as unknown as typeof client);
    expect(await records.claim('i', attempt('a', 0))).toEqual({ status: 'claimed', sends: 1 });
    expect(await records.complete('i', 'a', 'sent')).toBe(true);
    await records.claim('j', attempt('a', 0));
    await records.release('j', 'a');
    expect(await read('j')).toMatchObject({ sends: 0 });
  });
});

describe('the staff', () => {
  it('are the Managers and Admins who are not disabled, 20 of each at most', async () => {
    const managers = Array.from({ length: 22 }, (_, index) =>
      aUser({ userId: `m-${String(index).padStart(2, '0')}`, role: 'Manager', disabled: index === 0 }),
    );
    await Promise.all([...managers, aUser({ userId: 'admin', role: 'Admin' }), aUser()].map(put));
    const readers = createReaders(dynamo.client, dynamo.table('users'));
    const ids = (await readers.staff()).map(({ userId }) => userId);
    expect(ids).toHaveLength(20);
    expect(ids).toContain('admin');
    expect(ids).not.toContain('m-00');
    expect(ids).not.toContain('user-1');
    expect((await readers.find('user-1'))?.email).toBe('user-1@example.com');
    expect(await readers.find('nobody')).toBeUndefined();
  });
});
