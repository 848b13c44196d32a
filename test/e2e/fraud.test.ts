import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anAddress } from '../support/builders/user.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

const week = 7 * 24 * 3600;
const off = { enabled: false };
let shop: Shop;
let networks = 0;

/** An address that no other test orders from. */
const newAddress = () => `198.51.100.${++networks}`;

async function place(customer: Customer, body: Record<string, unknown>, from = newAddress(), key?: string) {
  const placed = await shop.call('POST', '/order', {
    token: customer.token,
    ip: from,
    headers: { 'idempotency-key': key ?? `key-${from}-${Math.random()}` },
    body: { paymentMethod: { token: 'pm_card_visa' }, ...body },
  });
  expect(placed.status).toBe(202);
  return placed.json.orderId as string;
}

/** Waits until the order is paid, or held, or has failed. */
const decided = (orderId: string) =>
  eventually(async () => {
    const order = await shop.order(orderId);
    return order.status === 'Pending' ? undefined : order;
  });

const decide = (orderId: string, decision: 'approve' | 'reject') =>
  shop.call('POST', `/order/${orderId}/${decision}`, { token: shop.manager, body: { reason: 'rang up' } });
const payment = async (orderId: string) =>
  (await shop.rows('ORDERS_TABLE')).find(({ pk, sk }) => pk === `ORDER#${orderId}` && sk === 'PAYMENT');
const codes = (order: { fraudReasons?: { code: string }[] }) => order.fraudReasons?.map(({ code }) => code);

describe('with the rules on', () => {
  beforeAll(async () => {
    shop = await openShop({
      settings: {
        fraud: {
          userVelocity: { windowSeconds: week, maxOrders: 2 },
          addressVelocity: { windowSeconds: week, maxOrders: 3 },
          countryMismatch: { exemptAfterPaidOrders: 1 },
          firstOrderAmount: { limit: { amount: 5000, currency: 'USD' } },
        },
      },
    });
  });
  afterAll(() => shop?.stop());

  test('an ordinary order is paid, and nobody is told of a suspicion', async () => {
    const order = await decided(
      await place(await shop.newCustomer(), { items: items(await shop.newProduct()) }),
    );
    expect(order).toMatchObject({ status: 'Paid', flags: { fraudFlag: false } });
    expect(order).not.toHaveProperty('fraudReasons');
  });

  test('a first order above the limit is held, and a later one of the same amount is not', async () => {
    const customer = await shop.newCustomer();
    const productId = await shop.newProduct();
    const orderId = await place(customer, { items: items(productId, 6) });
    const held = await decided(orderId);
    const [total, limit] = [6000, 5000].map((amount) => ({ amount, currency: 'USD' }));
    expect(held).toMatchObject({ status: 'OnHold', flags: { fraudFlag: true } });
    expect(held.fraudReasons).toEqual([{ code: 'first_order_amount', facts: { total, limit } }]);
    expect(await payment(orderId)).toMatchObject({ state: 'authorized' });

    expect((await decide(orderId, 'approve')).status).toBe(202);
    const paid = await shop.settled(orderId);
    expect(paid).toMatchObject({ status: 'Paid', flags: { fraudFlag: true } });
    const decision = { action: 'order.approved', reason: 'rang up', actor: { role: 'Manager' } };
    expect(paid.auditLogs).toContainEqual(
      expect.objectContaining({ ...decision, actor: expect.any(Object) }),
    );
    expect(await payment(orderId)).toMatchObject({ state: 'captured' });

    const next = await decided(await place(customer, { items: items(await shop.newProduct(), 6) }));
    expect(next).toMatchObject({ status: 'Paid', flags: { fraudFlag: false } });
  });

  test('a card from another country than the delivery’s is held, and voided once it is rejected', async () => {
    const customer = await shop.newCustomer();
    const productId = await shop.newProduct();
    const british = { items: items(productId), paymentMethod: { token: 'pm_card_gb' } };
    const orderId = await place(customer, british);
    const held = await decided(orderId);
    expect(held.status).toBe('OnHold');
    expect(held.fraudReasons).toEqual([
      { code: 'country_mismatch', facts: { delivery: anAddress().country, payment: 'GB' } },
    ]);
    expect((await decide(orderId, 'reject')).status).toBe(202);
    expect(await shop.settled(orderId)).toMatchObject({
      status: 'Failed',
      failure: { code: 'review_rejected' },
    });
    expect(await payment(orderId)).toMatchObject({ state: 'authorized', undo: 'done' });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 10 });
  });

  test('a card from the delivery’s own country is not', async () => {
    const order = await place(await shop.newCustomer(), {
      items: items(await shop.newProduct()),
      paymentMethod: { token: 'pm_card_us' },
    });
    expect((await decided(order)).status).toBe('Paid');
  });

  test('a customer’s third order is held, where repetitions of a request do not count', async () => {
    const customer = await shop.newCustomer();
    const productId = await shop.newProduct();
    const body = { items: items(productId) };
    const [first, second] = [newAddress(), newAddress()];
    const orderId = await place(customer, body, first, 'the-same-key');
    for (let again = 0; again < 3; again += 1) {
      expect(await place(customer, body, first, 'the-same-key')).toBe(orderId);
    }
    expect((await decided(orderId)).status).toBe('Paid');
    expect((await decided(await place(customer, body, second))).status).toBe('Paid');
    const held = await decided(await place(customer, body));
    expect(held.status).toBe('OnHold');
    expect(held.fraudReasons).toEqual([
      { code: 'user_velocity', facts: { orders: 3, limit: 2, windowSeconds: week } },
    ]);
  });

  test('of a customer’s orders at the same moment no more go through than the limit says', async () => {
    const customer = await shop.newCustomer();
    const productId = await shop.newProduct();
    const all = await Promise.all([1, 2, 3, 4].map(() => place(customer, { items: items(productId) })));
    const statuses = await Promise.all(all.map(async (orderId) => (await decided(orderId)).status));
    expect(statuses.filter((status) => status === 'OnHold').length).toBeGreaterThanOrEqual(2);
  });

  test('the fourth order from one network address is held, whoever places it', async () => {
    const productId = await shop.newProduct();
    const from = newAddress();
    for (let n = 0; n < 3; n += 1) {
      const order = await decided(await place(await shop.newCustomer(), { items: items(productId) }, from));
      expect(order.status).toBe('Paid');
    }
    const held = await decided(await place(await shop.newCustomer(), { items: items(productId) }, from));
    expect(held.status).toBe('OnHold');
    expect(held.fraudReasons).toEqual([
      { code: 'address_velocity', facts: { orders: 4, limit: 3, windowSeconds: week } },
    ]);
  });

  test('every reason is told to the staff and kept in the trail, and none to the customer', async () => {
    const customer = await shop.newCustomer();
    const orderId = await place(customer, {
      items: items(await shop.newProduct({ stockCount: 50 }), 6),
      paymentMethod: { token: 'pm_card_ng' },
    });
    const held = await decided(orderId);
    expect(codes(held)).toEqual(['country_mismatch', 'first_order_amount']);
    const sent = await eventually(() => {
      const messages = shop.runtime.outbox().map(({ message }) => JSON.parse(message));
      const found = messages.filter((message) => message.orderId === orderId);
      return found.length > 1 ? found : undefined;
    });
    expect(sent.map(({ role, type }) => [role, type]).sort()).toEqual([
      ['Customer', 'order_on_hold'],
      ['Manager', 'order_on_hold'],
    ]);
    const dataFor = (wanted: string) => sent.find(({ role }) => role === wanted)?.data;
    expect(dataFor('Manager')).toMatchObject({ reasons: 'country_mismatch, first_order_amount' });
    expect(Object.keys(dataFor('Customer')).sort()).toEqual(['currency', 'total']);
    const trail = (await shop.call('GET', `/order/${orderId}/audit`, { token: shop.manager })).json.items;
    expect(trail).toContainEqual(
      expect.objectContaining({
        action: 'order.on_hold',
        after: { status: 'OnHold', fraudReasons: held.fraudReasons },
      }),
    );

    const own = { token: customer.token };
    const shown = await shop.call('GET', `/order/${orderId}`, own);
    expect(shown.json.flags).toEqual({ partialFulfillment: false, fraudFlag: true, lowStock: [] });
    const all = await Promise.all(
      [`/order/${orderId}`, '/order', `/order/${orderId}/checkout`, '/user/me/export'].map((path) =>
        shop.call('GET', path, own),
      ),
    );
    for (const { status, text } of all) {
      expect(status).toBe(200);
      expect(text).not.toMatch(/country_mismatch|first_order_amount|fraudReasons|fraudFacts/);
    }
    expect((await shop.call('GET', '/openapi.json')).text).toContain('For staff only: why the order was');
    // Nor are they in the workflow's history, which is kept for months.
    const run = shop.runtime.executions().find(({ name }) => name === orderId);
    expect(JSON.stringify(run?.events)).not.toMatch(/country_mismatch|"NG"/);
  });

  test('an order that a promotion has made free is not held', async () => {
    const customer = await shop.newCustomer();
    const productId = await shop.newProduct();
    const promotion = { code: 'GIFT', kind: 'percent', value: 100 };
    const made = await shop.call('POST', '/order/promotion', { token: shop.admin, body: promotion });
    expect(made.status).toBe(201);
    const orderId = await place(customer, {
      items: items(productId, 6),
      promoCode: 'GIFT',
      paymentMethod: { token: 'pm_card_gb' },
    });
    expect(await decided(orderId)).toMatchObject({
      status: 'Paid',
      pricing: { total: { amount: 0 } },
      flags: { fraudFlag: false },
    });
  });
});

describe('with all rules but one off', () => {
  beforeAll(async () => {
    shop = await openShop({
      stateTimeoutSeconds: { HoldForReview: 3 },
      settings: {
        fraud: {
          userVelocity: { ...off, maxOrders: 1 },
          addressVelocity: { ...off, maxOrders: 1 },
          countryMismatch: off,
          firstOrderAmount: { limit: { amount: 5000, currency: 'USD' } },
        },
      },
    });
  });
  afterAll(() => shop?.stop());

  test('what they would hold goes through, and nothing is counted', async () => {
    const customer = await shop.newCustomer();
    const body = { items: items(await shop.newProduct()), paymentMethod: { token: 'pm_card_gb' } };
    const from = newAddress();
    for (let n = 0; n < 2; n += 1) {
      expect((await decided(await place(customer, body, from))).status).toBe('Paid');
    }
    const kept = (await shop.rows('IDEMPOTENCY_TABLE')).filter(({ pk }) =>
      String(pk).startsWith('VELOCITY#'),
    );
    expect(kept).toEqual([]);
  });

  test('a held order that nobody reviews in time fails, uncharged and with its stock back', async () => {
    const productId = await shop.newProduct();
    const orderId = await place(await shop.newCustomer(), { items: items(productId, 6) });
    const failed = await shop.settled(orderId);
    expect(failed).toMatchObject({ status: 'Failed', failure: { code: 'review_timeout' } });
    expect(codes(failed)).toEqual(['first_order_amount']);
    expect(await payment(orderId)).toMatchObject({ state: 'authorized', undo: 'done' });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 10 });
  });
});
