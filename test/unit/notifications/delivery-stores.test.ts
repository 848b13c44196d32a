import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDeliveryRecords } from '../../../shared/adapters/dynamodb/delivery-records.ts';
import { createReaders } from '../../../shared/adapters/dynamodb/notification-readers.ts';
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
  it('is one attempt’s, then done for good, with what came of it', async () => {
    const table = dynamo.table('idempotency');
    const records = createDeliveryRecords(dynamo.client, table);
    const at = (seconds: number) => new Date(Date.parse('2026-03-01T12:00:00Z') + seconds * 1000);
    expect(await records.claim('d', at(0), at(20))).toBe('claimed');
    expect(await records.claim('d', at(1), at(21))).toBe('busy');
    await records.release('d', at(20));
    expect(await records.claim('d', at(2), at(22))).toBe('claimed');
    await records.complete('d', 'undeliverable');
    expect(await records.claim('d', at(90), at(110))).toBe('done');
    const { Item } = await dynamo.client.send(new GetCommand({ TableName: table, Key: { pk: 'd' } }));
    expect(Item).toMatchObject({ outcome: 'undeliverable', expiresAt: at(2).getTime() / 1000 + 30 * 86_400 });
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
