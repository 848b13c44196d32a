import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOrderStore } from '../../../shared/adapters/dynamodb/order-store.ts';
import { createPromotionStore } from '../../../shared/adapters/dynamodb/promotion-store.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { type Promotion, termsOf } from '../../../shared/promotions/promotion.ts';
import { limitRefusal } from '../../../shared/promotions/promotion-store.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aPromotion } from '../../support/builders/promotion.ts';
import { aUser } from '../../support/builders/user.ts';
import { persist } from '../../support/catalogue-fixture.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { openAccount } from '../../support/open-account.ts';

let dynamo: TestDynamo;
let orders: ReturnType<typeof createOrderStore>;
let promotions: ReturnType<typeof createPromotionStore>;

beforeAll(async () => {
  dynamo = await startDynamo('orders', 'users', 'audit', 'idempotency', 'promotions');
  const { client, table } = dynamo;
  const effects = { random: Math.random, sleep: (milliseconds: number) => sleep(milliseconds) };
  const tables = {
    orders: table('orders'),
    users: table('users'),
    audit: table('audit'),
    idempotency: table('idempotency'),
    promotions: table('promotions'),
  };
  orders = createOrderStore(client, tables, effects);
  promotions = createPromotionStore(client, tables, effects);
});
afterAll(() => dynamo.stop());

const entry = (promotion: Promotion, action: string): AuditEntry => ({
  entryId: `${promotion.promotionId}-${action}`,
  action,
  entity: { type: 'promotion', id: promotion.code },
  actor: { id: 'admin-1', role: 'Admin' },
  at: '2026-03-01T00:00:00.000Z',
});
async function created(over: Partial<Promotion> = {}): Promise<Promotion> {
  const promotion = aPromotion(over);
  expect(await promotions.create(promotion, entry(promotion, 'promotion.created'))).toBe(true);
  return promotion;
}

let placed = 0;
/** Places an order with the code; answers it, or the problem's code and reason. */
async function place(promotion: Promotion, userId = 'user-1', key?: string) {
  placed += 1;
  const order = anOrder({ orderId: `order-${placed}`, userId, promotion: termsOf(promotion) });
  const [audit] = order.auditLogs;
  const request = { requestHash: 'same', orderId: order.orderId, response: '{}' };
  const placement = { userId, key: key ?? order.orderId };
  await openAccount(dynamo, userId);
  try {
    const former = await persist(() => orders.place(order, placement, request, audit as AuditEntry));
    return { order, former };
  } catch (error) {
    return { refused: (error as { options: { errors: { message: string }[] } }).options.errors[0]?.message };
  }
}
const usesOf = (promotion: Promotion, userId = 'user-1') => promotions.usesOf(promotion, userId);
const fail = (order: Order) => orders.save({ ...order, status: 'Failed' });

describe('the limits of a code', () => {
  test('are exact for thirty orders at once', async () => {
    const promotion = await created({ maxUses: 10 });
    const all = await Promise.all(Array.from({ length: 30 }, (_, n) => place(promotion, `user-${n}`)));
    expect(all.filter(({ order }) => order)).toHaveLength(10);
    expect(all.filter(({ refused }) => refused === 'used_up')).toHaveLength(20);
    expect((await usesOf(promotion)).total).toBe(10);
  });

  test('hold for each customer alone', async () => {
    const promotion = await created({ maxUsesPerUser: 1 });
    const all = await Promise.all(Array.from({ length: 12 }, (_, n) => place(promotion, `buyer-${n % 3}`)));
    expect(all.filter(({ order }) => order)).toHaveLength(3);
    expect(all.filter(({ refused }) => refused === 'used_up_by_you')).toHaveLength(9);
  });

  test('are not touched by an order that meets one of them', async () => {
    const promotion = await created({ maxUses: 5, maxUsesPerUser: 1 });
    await place(promotion);
    expect(await place(promotion)).toEqual({ refused: 'used_up_by_you' });
    expect(await usesOf(promotion)).toEqual({ total: 1, byUser: 1 });
  });

  test('are one for all codes for first orders, and come back with the order', async () => {
    const [one, other] = [await created({ firstOrderOnly: true }), await created({ firstOrderOnly: true })];
    const results = await Promise.all([one, other, one, other].map((each) => place(each, 'newcomer')));
    const taken = results.filter(({ order }) => order);
    expect(taken).toHaveLength(1);
    expect(results.filter(({ refused }) => refused === 'first_order_only')).toHaveLength(3);
    expect((await usesOf(one, 'newcomer')).byUser).toBe(1);
    expect((await usesOf(other, 'newcomer')).byUser).toBe(1);
    expect(await limitRefusal(other, 'newcomer', promotions)).toBe('first_order_only');
    expect((await place(other, 'another newcomer')).order).toBeDefined();

    expect(await fail(taken[0]?.order as Order)).toBe(true);
    expect((await usesOf(one, 'newcomer')).byUser).toBe(0);
    expect((await place(other, 'newcomer')).order).toBeDefined();
  });

  test('count a request that is sent twice once', async () => {
    const promotion = await created({ maxUses: 1 });
    const first = await place(promotion, 'user-1', 'double');
    const second = await place(promotion, 'user-1', 'double');
    expect(second.former?.orderId).toBe(first.order?.orderId);
    expect((await usesOf(promotion)).total).toBe(1);
  });
});

describe('a failed order', () => {
  test('gives its use back, once, whoever saves it again', async () => {
    const promotion = await created({ maxUses: 1, maxUsesPerUser: 1 });
    const { order } = await place(promotion);
    expect(await fail(order as Order)).toBe(true);
    expect(await usesOf(promotion)).toEqual({ total: 0, byUser: 0 });
    const stored = await orders.find(order?.orderId ?? '');
    expect(stored?.promotion?.released).toBe(true);
    expect(await orders.save({ ...(stored as Order), updatedAt: '2026-03-02T00:00:00.000Z' })).toBe(true);
    // From memory, without the mark: refused like any save of an old version.
    expect(await fail({ ...(order as Order), version: 3 })).toBe(false);
    expect(await usesOf(promotion)).toEqual({ total: 0, byUser: 0 });
    expect((await place(promotion)).order).toBeDefined();
  });

  test('gives nothing back when its save loses to another', async () => {
    const promotion = await created({ maxUses: 1 });
    const { order } = await place(promotion);
    expect(await fail({ ...(order as Order), version: 9 })).toBe(false);
    expect((await usesOf(promotion)).total).toBe(1);
  });

  test('races with new orders without a use too many or lost', async () => {
    const promotion = await created({ maxUses: 5 });
    const first = await Promise.all(Array.from({ length: 5 }, (_, n) => place(promotion, `early-${n}`)));
    const results = await Promise.all([
      ...first.map(({ order }) => persist(() => fail(order as Order))),
      ...Array.from({ length: 15 }, (_, n) => place(promotion, `late-${n}`)),
    ]);
    const won = results.filter((result) => typeof result === 'object' && result.order).length;
    expect((await usesOf(promotion)).total).toBe(won);
    expect(won).toBeLessThanOrEqual(5);
  });

  test('takes no use from a code that was deleted and made anew meanwhile', async () => {
    const old = await created({ code: 'AGAIN', maxUses: 1 });
    const { order } = await place(old);
    expect(await promotions.remove(old, entry(old, 'promotion.deleted'))).toBe(true);
    const renewed = await created({ code: 'AGAIN', maxUses: 1 });
    await fail(order as Order);
    expect((await usesOf(renewed)).total).toBe(0);
    expect((await place(renewed)).order).toBeDefined();
    expect((await place(renewed)).refused).toBe('used_up');
  });
});

describe('the promotions', () => {
  test('are found in any case, once made, and gone once deleted', async () => {
    const promotion = await created({ code: 'SUMMER' });
    expect(await promotions.find(' summer ')).toEqual(promotion);
    expect(await promotions.create(aPromotion({ code: 'SUMMER' }), entry(promotion, 'again'))).toBe(false);
    expect(await promotions.remove(promotion, entry(promotion, 'promotion.deleted'))).toBe(true);
    expect(await promotions.remove(promotion, entry(promotion, 'promotion.deleted'))).toBe(false);
    expect(await promotions.find('SUMMER')).toBeUndefined();
  });

  test('are listed newest first, in pages, with their uses where these are limited', async () => {
    const [a, b] = [await created(), await created({ maxUses: 3 })];
    await place(b);
    const first = await promotions.list({ limit: 1 });
    expect(first.items).toEqual([{ ...b, uses: 1 }]);
    const second = await promotions.list({ limit: 1, ...(first.next ? { after: first.next } : {}) });
    expect(second.items).toEqual([a]);
    await expect(promotions.list({ limit: 1, after: { page: '2' } })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  });

  test('for a customer are those that they can use now', async () => {
    const mine = await created({ segment: 'newsletter', maxUsesPerUser: 1 });
    const handedOut = await created();
    const [first, ofRole] = [await created({ firstOrderOnly: true }), await created({ role: 'Customer' })];
    const gone = await created({ segment: 'newsletter', endsAt: '2026-02-01T00:00:00.000Z' });
    const reader = aUser({ userId: 'reader', preferences: { newsletterOptIn: true } });
    const codes = async () =>
      (await promotions.forUser(reader, 'USD', new Date('2026-03-01'))).map(({ code }) => code);
    expect(await codes()).toContain(mine.code);
    expect(await codes()).toEqual(expect.arrayContaining([first.code, ofRole.code]));
    expect(await codes()).not.toContain(gone.code);
    // A code for anybody is handed out by the shop, to whom it chooses.
    expect(await codes()).not.toContain(handedOut.code);
    await place(mine, 'reader');
    expect(await codes()).not.toContain(mine.code);
  });
});
