import { setTimeout as sleep } from 'node:timers/promises';
import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUserStore } from '../../../shared/adapters/dynamodb/user-store.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import type { User } from '../../../shared/identity/user.ts';
import { userAuditEntry } from '../../../shared/identity/user-audit.ts';
import type { UserStore } from '../../../shared/identity/user-store.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { testEffects } from '../../support/effects.ts';

let dynamo: TestDynamo;
let store: UserStore;
let count = 0;
let userId = '';
const effects = testEffects();

const entry = (id = userId): AuditEntry => userAuditEntry('user.updated', id, aCaller(), effects);
const stored = async (pk: string) =>
  (await dynamo.client.send(new GetCommand({ TableName: dynamo.table('users'), Key: { pk } }))).Item;
const created = async (overrides: Partial<User> = {}) => {
  const user = aUser({ userId, ...overrides });
  expect(await store.create(user, entry(user.userId))).toBe('created');
  return user;
};
const changed = (before: User, changes: Partial<User>) => ({
  before,
  after: { ...before, ...changes, version: before.version + 1 },
  entry: entry(before.userId),
});

beforeAll(async () => {
  dynamo = await startDynamo('users', 'audit');
  const tables = { users: dynamo.table('users'), audit: dynamo.table('audit') };
  store = createUserStore(dynamo.client, tables, { random: Math.random, sleep });
});
afterAll(() => dynamo?.stop());
beforeEach(() => {
  count += 1;
  userId = `user-${count}`;
});

describe('a created user', () => {
  it('is found by id, e-mail address and username, whatever the capitals', async () => {
    const user = await created({ email: `${userId}@example.com`, username: `Name-${userId}` });
    expect(await store.find(userId)).toEqual(user);
    expect(await store.findIdByEmail(`${userId}@EXAMPLE.com`)).toBe(userId);
    expect(await store.findIdByUsername(`nAME-${userId}`)).toBe(userId);
  });

  it('is written with its audit entry or not at all', async () => {
    const first = await created();
    const count = async (table: 'users' | 'audit') =>
      (await dynamo.client.send(new ScanCommand({ TableName: dynamo.table(table), ConsistentRead: true })))
        .Count;
    const before = [await count('users'), await count('audit')];
    const twin = aUser({ userId: `${userId}-twin`, email: first.email.toUpperCase() });
    expect(await store.create(twin, entry(twin.userId))).toBe('email_taken');
    const namesake = aUser({ userId: `${userId}-namesake`, username: first.username.toUpperCase() });
    expect(await store.create(namesake, entry(namesake.userId))).toBe('username_taken');
    expect(await store.create(first, entry())).toBe('email_taken');
    expect([await count('users'), await count('audit')]).toEqual(before);
  });

  it('is one, of many with the same address at the same moment', async () => {
    const rivals = Array.from({ length: 8 }, (_, index) =>
      aUser({ userId: `${userId}-${index}`, email: `${userId}@example.com` }),
    );
    const outcomes = await Promise.all(rivals.map((user) => store.create(user, entry(user.userId))));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'email_taken')).toHaveLength(7);
  });
});

describe('an update', () => {
  it('writes what differs and leaves what others write to the rest of the item', async () => {
    const before = await created({ phone: '+14155550100' });
    await store.touch(userId, '2026-05-05T00:00:00.000Z');
    const { phone: _, ...rest } = before;
    const after = { ...rest, profileCompletionPrompted: true, version: 2 };
    expect(await store.update({ before, after, entry: entry() })).toBe('updated');
    expect(await store.find(userId)).toEqual({ ...after, lastActiveAt: '2026-05-05T00:00:00.000Z' });
    expect(await stored(`USER#${userId}`)).toMatchObject({ listing: 'USER' });
  });

  it('of an outdated record is stale, and its audit entry is not written', async () => {
    const before = await created();
    expect(await store.update(changed(before, { region: 'DE' }))).toBe('updated');
    const late = changed(before, { region: 'FR' });
    expect(await store.update(late)).toBe('stale');
    expect((await store.find(userId))?.region).toBe('DE');
    const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: dynamo.table('audit') }));
    expect(Items.map(({ entryId }) => entryId)).not.toContain(late.entry.entryId);
  });

  it('moves the username, frees the old one and keeps to the taken ones', async () => {
    const before = await created({ username: `old-${userId}` });
    await created({ userId: `${userId}-b`, email: `${userId}-b@example.com`, username: `taken-${userId}` });
    expect(await store.update(changed(before, { username: `TAKEN-${userId}` }))).toBe('username_taken');
    expect(await store.update(changed(before, { username: `new-${userId}` }))).toBe('updated');
    expect(await store.findIdByUsername(`new-${userId}`)).toBe(userId);
    expect(await store.findIdByUsername(`old-${userId}`)).toBeUndefined();
  });

  it('may change the capitals of the own username', async () => {
    const before = await created({ username: `name-${userId}` });
    expect(await store.update(changed(before, { username: `NAME-${userId}` }))).toBe('updated');
    expect(await store.findIdByUsername(`name-${userId}`)).toBe(userId);
  });

  it('that needs another Admin to remain is stale once that one is none', async () => {
    const first = await created({ role: 'Admin' });
    const other = await created({ userId: `${userId}-b`, role: 'Admin' });
    const outcomes = [
      await store.update({ ...changed(first, { role: 'Customer' }), remainingAdminId: other.userId }),
      await store.update({ ...changed(other, { role: 'Customer' }), remainingAdminId: first.userId }),
    ];
    expect(outcomes).toEqual(['updated', 'stale']);
    await store.update(changed(other, { disabled: true }));
  });
});

describe('the store', () => {
  it('finds another enabled Admin, and neither the asker nor a disabled one', async () => {
    await created({ role: 'Admin' });
    await created({ userId: `${userId}-off`, role: 'Admin', disabled: true });
    expect(await store.findOtherAdminId(userId)).toBeUndefined();
    expect(await store.findOtherAdminId('somebody')).toBe(userId);
  });

  it('records devices only over the list that was read', async () => {
    const user = await created();
    const device = {
      os: 'macOS',
      browser: 'Safari',
      ip: '203.0.113.7',
      region: 'US',
      lastActive: user.createdAt,
    };
    expect(await store.recordDevices(userId, [], [device], user.createdAt)).toBe(true);
    expect(await store.recordDevices(userId, [], [], user.createdAt)).toBe(false);
    expect(await store.find(userId)).toMatchObject({ deviceInfo: [device], version: 1 });
  });

  it('does not bring a deleted user back to life by touching them', async () => {
    await store.touch(userId, '2026-05-05T00:00:00.000Z');
    expect(await stored(`USER#${userId}`)).toBeUndefined();
  });

  it('refuses to read a record that is not one', async () => {
    const Item = { pk: `USER#${userId}`, userId };
    await dynamo.client.send(new PutCommand({ TableName: dynamo.table('users'), Item }));
    await expect(store.find(userId)).rejects.toThrow();
  });
});
