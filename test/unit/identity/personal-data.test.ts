import { setTimeout as sleep } from 'node:timers/promises';
import { GetCommand, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditItem } from '../../../shared/adapters/dynamodb/audit-trail.ts';
import { createErasureRegister } from '../../../shared/adapters/dynamodb/erasure-register.ts';
import { createOrderStore } from '../../../shared/adapters/dynamodb/order-store.ts';
import { createPersonalData } from '../../../shared/adapters/dynamodb/personal-data.ts';
import { createUserStore } from '../../../shared/adapters/dynamodb/user-store.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import {
  isErased,
  keptText,
  withoutPersonalData,
  withoutPersonalTrace,
} from '../../../shared/orders/erase-order.ts';
import { withAudit } from '../../../shared/orders/order-changes.ts';
import { anOrder } from '../../support/builders/order.ts';
import { anAddress, aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { openAccount } from '../../support/open-account.ts';

let dynamo: TestDynamo;
let data: ReturnType<typeof createPersonalData>;
let register: ReturnType<typeof createErasureRegister>;
let orders: ReturnType<typeof createOrderStore>;
let users: ReturnType<typeof createUserStore>;
const retry = { random: () => 0.5, sleep: (milliseconds: number) => sleep(milliseconds) };
const where = { ip: '203.0.113.9', region: 'US', device: 'phone' };
const erased = { ip: 'erased', region: 'erased', device: 'erased' };
const now = new Date('2026-03-01T12:00:00.000Z');

beforeAll(async () => {
  dynamo = await startDynamo('users', 'orders', 'products', 'audit', 'idempotency');
  const { client, table } = dynamo;
  const tables = {
    users: table('users'),
    orders: table('orders'),
    products: table('products'),
    audit: table('audit'),
    idempotency: table('idempotency'),
  };
  data = createPersonalData(client, tables, retry);
  register = createErasureRegister(client, tables, retry);
  orders = createOrderStore(client, tables, retry);
  users = createUserStore(client, tables, retry);
});
afterAll(() => dynamo.stop());

let made = 0;
const anEntry = (over: Partial<AuditEntry> = {}): AuditEntry => {
  made += 1;
  return {
    entryId: `entry-${made}`,
    action: 'order.created',
    entity: { type: 'order', id: 'o' },
    actor: { id: 'ann', role: 'Customer' },
    at: `2026-01-01T00:00:${String(made).padStart(2, '0')}.000Z`,
    where,
    ...over,
  };
};
const append = (entry: AuditEntry) =>
  dynamo.client.send(new PutCommand({ TableName: dynamo.table('audit'), Item: auditItem(entry) }));
const stored = async ({ entryId }: AuditEntry) => {
  const { Items = [] } = await dynamo.client.send(new ScanCommand({ TableName: dynamo.table('audit') }));
  return Items.find((item) => item.entryId === entryId);
};

async function placed(orderId: string, userId = 'ann') {
  await openAccount(dynamo, userId);
  const created = anEntry({
    entity: { type: 'order', id: orderId },
    actor: { id: userId, role: 'Customer' },
  });
  const order = anOrder({
    orderId,
    userId,
    idempotencyKey: `key-${orderId}`,
    address: anAddress(),
    placedFrom: where,
    auditLogs: [created],
  });
  const request = { requestHash: 'hash', orderId, response: JSON.stringify({ address: anAddress() }) };
  await orders.place(order, { userId, key: `key-${orderId}` }, request, created);
  return { order, created };
}

describe('erasing an order', () => {
  it('keeps what was sold and takes the person out of the order and out of the stored answer', async () => {
    const { order } = await placed('o-1');
    await orders.saveWaiting('ann', 'o-1', 'token');
    await data.eraseOrder('o-1', now);
    const clean = await orders.find('o-1');
    expect(clean).toMatchObject({
      userId: 'ann',
      items: order.items,
      pricing: order.pricing,
      placedFrom: erased,
      paymentMethod: { token: 'erased', brand: 'erased', last4: 'erased' },
      auditLogs: [{ where: erased, actor: { id: 'ann' } }],
      version: order.version + 1,
    });
    for (const gone of ['address', 'idempotencyKey', 'reviewToken', 'otherReviewTokens'])
      expect(clean).not.toHaveProperty(gone);
    expect(clean?.paymentInfo).not.toHaveProperty('last4');
    expect(await orders.findPlaced({ userId: 'ann', key: 'key-o-1' })).toBeUndefined();
    expect(await data.waitingCheckoutsOf('ann')).toEqual([]);
  });

  it('is done once: a repetition changes nothing, also for an order that is gone', async () => {
    await placed('o-2');
    await data.eraseOrder('o-2', now);
    const clean = await orders.find('o-2');
    await data.eraseOrder('o-2', new Date('2027-01-01T00:00:00.000Z'));
    expect(await orders.find('o-2')).toEqual(clean);
    await data.eraseOrder('no-such-order', now);
  });
});

describe('what stays of an order', () => {
  const at = now.toISOString();
  const everything = anOrder({
    userId: 'ann',
    paymentMethod: { id: 'canary', token: 'canary', brand: 'canary', last4: 'canary' },
    paymentInfo: { provider: 'sandbox', paymentId: 'pay-1', brand: 'canary', last4: 'canary', attempts: 1 },
    address: anAddress({ line1: 'canary' }),
    placedFrom: { ip: 'canary', region: 'canary', device: 'canary' },
    idempotencyKey: 'canary',
    reviewToken: 'canary',
    otherReviewTokens: ['canary'],
    review: { decision: 'approved', reason: 'canary', by: 'mia', at },
    cancel: { by: 'ann', reason: 'canary', at },
    reversing: 'cancel',
    fraudFacts: { paidOrders: 0, placedIn: 'canary' },
    fraudReasons: [{ code: 'country_mismatch', facts: { delivery: 'US', payment: 'GB' } }],
    repair: [{ step: 'CapturePayment', error: 'canary', at }],
    auditLogs: [
      anEntry({ reason: 'canary', where: { ip: 'canary', region: 'canary', device: 'canary' } }),
      anEntry({ action: 'order.cancelled', actor: { id: 'system', role: 'System' }, reason: 'canary' }),
    ],
  });

  it('has none of what a person wrote or what was quoted to us', () => {
    const clean = withoutPersonalData(everything, at);
    expect(JSON.stringify(clean)).not.toContain('canary');
    expect(clean).toMatchObject({
      cancel: { by: 'ann', at },
      repair: [{ step: 'CapturePayment' }],
      reversing: 'cancel',
      paymentInfo: { provider: 'sandbox', paymentId: 'pay-1', attempts: 1 },
      fraudReasons: everything.fraudReasons,
    });
    expect(isErased(clean)).toBe(true);
  });

  it('has no field that is not known to be harmless', () => {
    const later = { ...anOrder(), giftMessage: 'for my canary' };
    expect(JSON.stringify(withoutPersonalData(later, at))).not.toContain('canary');
  });

  it('is looked at again when something was written after the mark', () => {
    const clean = withoutPersonalData(everything, at);
    expect(isErased({ ...clean, address: anAddress() })).toBe(false);
    expect(isErased({ ...clean, version: 9, updatedAt: '2027-01-01T00:00:00.000Z' })).toBe(true);
  });

  it('takes no new text in', () => {
    const clean = withoutPersonalData(everything, at);
    expect(withAudit(clean, anEntry({ reason: 'canary' })).auditLogs[0]).toMatchObject({ reason: 'erased' });
    expect(keptText(clean, 'canary')).toBe('erased');
    expect(keptText(everything, 'said')).toBe('said');
  });
});

describe('erasing traces', () => {
  it('overwrites where the person came from, wherever they left it, and nothing else', async () => {
    const { created } = await placed('o-3', 'eve');
    const paid = anEntry({ entity: { type: 'order', id: 'o-3' }, actor: { id: 'system', role: 'System' } });
    const approved = anEntry({
      entity: { type: 'order', id: 'o-3' },
      actor: { id: 'mia', role: 'Manager' },
      reason: 'Eve called',
    });
    const denied = anEntry({
      action: 'access.denied',
      entity: { type: 'route', id: 'GET /user' },
      actor: { id: 'eve', role: 'Customer' },
      reason: 'forbidden',
    });
    const login = anEntry({ entity: { type: 'user', id: 'eve' }, actor: { id: 'eve', role: 'Customer' } });
    const byAdmin = anEntry({ entity: { type: 'user', id: 'eve' }, actor: { id: 'ada', role: 'Admin' } });
    const others = anEntry({ entity: { type: 'order', id: 'o-9' }, actor: { id: 'bob', role: 'Customer' } });
    for (const entry of [paid, approved, denied, login, byAdmin, others]) await append(entry);

    const found = await data.auditEntriesOf('eve', ['o-3']);
    expect(found.map(({ entryId }) => entryId).sort()).toEqual(
      [created, paid, approved, denied, login, byAdmin].map(({ entryId }) => entryId).sort(),
    );
    await data.eraseTraces('eve', ['o-3']);
    for (const entry of [created, paid, denied, login]) {
      expect(await stored(entry)).toEqual({ ...auditItem(entry), where: erased });
    }
    expect(await stored(approved)).toEqual({ ...auditItem(approved), reason: 'erased' });
    for (const entry of [byAdmin, others]) expect(await stored(entry)).toEqual(auditItem(entry));
  });

  it('leaves the reason of a system’s entry when it is a code, not when it quotes a person', () => {
    const failed = anEntry({ actor: { id: 'system', role: 'System' }, reason: 'payment_declined' });
    expect(withoutPersonalTrace(failed, 'ann')).toMatchObject({ reason: 'payment_declined', where: erased });
    const cancelled = { ...failed, reason: 'my mother moved' };
    expect(withoutPersonalTrace(cancelled, 'ann')).toMatchObject({ reason: 'erased' });
  });

  it('finds what is left of an order that an Admin has deleted', async () => {
    const entity = { type: 'order' as const, id: 'o-deleted' };
    const created = anEntry({ entity, actor: { id: 'dan', role: 'Customer' } });
    const paid = anEntry({ entity, action: 'order.paid', actor: { id: 'system', role: 'System' } });
    for (const entry of [created, paid]) await append(entry);
    await data.eraseTraces('dan', []);
    for (const entry of [created, paid]) expect(await stored(entry)).toMatchObject({ where: erased });
  });

  it('takes many entries of one product at once', async () => {
    const entity = { type: 'product' as const, id: 'busy' };
    const auditLogs = Array.from({ length: 20 }, () =>
      anEntry({ entity, actor: { id: 'sam', role: 'Manager' } }),
    );
    await dynamo.client.send(
      new PutCommand({ TableName: dynamo.table('products'), Item: { productId: 'busy', auditLogs } }),
    );
    for (const entry of auditLogs) await append(entry);
    await data.eraseTraces('sam', []);
    const Key = { productId: 'busy' };
    const { Item } = await dynamo.client.send(new GetCommand({ TableName: dynamo.table('products'), Key }));
    expect(Item?.auditLogs).toEqual(auditLogs.map((entry) => ({ ...entry, where: erased })));
    for (const entry of auditLogs) expect(await stored(entry)).toMatchObject({ where: erased });
  });
});

describe('the register of erasures', () => {
  it('takes the record and frees its names in one, but only of an account that was shut', async () => {
    const open = aUser({ userId: 'u-1', email: 'u1@example.com', username: 'u-one' });
    await users.create(open, anEntry({ entity: { type: 'user', id: 'u-1' } }));
    const erasure = { userId: 'u-1', startedAt: now.toISOString() };
    await expect(register.removeUser(open, erasure)).rejects.toMatchObject({ name: 'TransientError' });
    expect(await users.findIdByEmail('u1@example.com')).toBe('u-1');

    const shut = { ...open, disabled: true, erasureStartedAt: now.toISOString(), version: 2 };
    const entry = anEntry({ entity: { type: 'user', id: 'u-1' } });
    expect(await users.update({ before: open, after: shut, entry })).toBe('updated');
    await register.removeUser(shut, erasure);
    expect(await users.find('u-1')).toBeUndefined();
    expect(await users.findIdByEmail('u1@example.com')).toBeUndefined();
    expect(await users.findIdByUsername('u-one')).toBeUndefined();
    expect(await register.find('u-1')).toEqual(erasure);
    expect((await users.list(undefined, { limit: 100 })).items).toEqual([]);
  });

  it('is finished once, with one audit entry', async () => {
    const [first, second] = [anEntry(), anEntry()].map((entry) => ({
      ...entry,
      entity: { type: 'user' as const, id: 'u-1' },
    }));
    if (!first || !second) throw new Error('two entries');
    await register.finish('u-1', now.toISOString(), first);
    await register.finish('u-1', '2027-01-01T00:00:00.000Z', second);
    expect(await register.find('u-1')).toMatchObject({ finishedAt: now.toISOString() });
    expect(await stored(first)).toBeDefined();
    expect(await stored(second)).toBeUndefined();
    const key = { pk: 'ERASURE#u-1' };
    const { Item } = await dynamo.client.send(new GetCommand({ TableName: dynamo.table('users'), Key: key }));
    expect(Object.keys(Item ?? {}).sort()).toEqual(['finishedAt', 'pk', 'startedAt', 'userId']);
  });
});

describe('listing users', () => {
  it('goes through all, or those of a role, page by page in the order of their ids', async () => {
    for (const userId of ['l-1', 'l-2', 'l-3', 'l-4']) {
      const role = userId === 'l-3' ? 'Manager' : 'Customer';
      await users.create(aUser({ userId, role }), anEntry({ entity: { type: 'user', id: userId } }));
    }
    const first = await users.list('Customer', { limit: 2 });
    expect(first.items.map(({ userId }) => userId)).toEqual(['l-1', 'l-2']);
    const second = await users.list('Customer', { limit: 2, ...(first.next ? { after: first.next } : {}) });
    expect(second).toMatchObject({ items: [{ userId: 'l-4' }] });
    expect(second.next).toBeUndefined();
    expect((await users.list(undefined, { limit: 4 })).items).toHaveLength(4);
    expect((await users.list('Admin', { limit: 4 })).items).toEqual([]);
  });
});
