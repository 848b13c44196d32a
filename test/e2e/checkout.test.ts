import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anAddress } from '../support/builders/user.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;

beforeAll(async () => {
  shop = await openShop({ stateTimeoutSeconds: { WaitForProfile: 30, HoldForReview: 30 } });
  customer = await shop.newCustomer();
});
afterAll(() => shop?.stop());

const pay = (token: string) => ({ paymentMethod: { token } });
const outboxOf = (orderId: string) =>
  shop.runtime
    .outbox()
    .map((message) => JSON.parse(message.message))
    .filter((message) => message.orderId === orderId);

async function settledOrder(body: Record<string, unknown>, by = customer) {
  const placed = await shop.place(by, body);
  expect(placed.status).toBe(202);
  return shop.settled(placed.json.orderId);
}

describe('a new user’s first order', () => {
  test('waits for the profile, is resumed by the saved details and ends Paid', async () => {
    const newcomer = await shop.newCustomer({ withProfile: false });
    const productId = await shop.newProduct();
    const placed = await shop.place(newcomer, { items: items(productId, 2) });
    expect(placed.status).toBe(202);
    expect(placed.headers.get('location')).toBe(`/order/${placed.json.orderId}`);
    await shop.inStatus(placed.json.orderId, 'AwaitingProfile');

    expect((await shop.saveDetails(newcomer)).status).toBe(200);
    const order = await shop.settled(placed.json.orderId);
    expect(order).toMatchObject({
      status: 'Paid',
      address: { label: 'home' },
      pricing: { total: { amount: 2000, currency: 'USD' } },
      paymentInfo: { provider: 'sandbox', brand: 'visa', last4: '4242', attempts: 1 },
      items: [{ allocated: 2, status: 'allocated' }],
    });
    expect(order.timeline.map((step: { status: string }) => step.status)).toEqual([
      'Pending',
      'AwaitingProfile',
      'Pending',
      'Paid',
    ]);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
    expect(await shop.rows('ORDERS_TABLE')).not.toContainEqual(
      expect.objectContaining({ pk: `WAITING#${newcomer.userId}` }),
    );
  });

  test('brings the user’s flags up to date', async () => {
    const newcomer = await shop.newCustomer();
    const order = await settledOrder({ items: items(await shop.newProduct()) }, newcomer);
    expect(order.status).toBe('Paid');
    const me = async () => (await shop.call('GET', '/user/me', { token: newcomer.token })).json;
    const before = await me();
    expect(before).toMatchObject({ orderCount: 1, lastSelectedAddress: 'home' });
    // A token that was used once is the provider's secret, not a preference.
    expect(JSON.stringify(before)).not.toContain('pm_card_visa');
    const body = { addresses: [anAddress()], preferences: {}, paymentMethods: [{ token: 'pm_card_visa' }] };
    const put = await shop.call('PUT', '/user/me/details', { token: newcomer.token, body });
    const [{ id }] = put.json.paymentMethods;
    await settledOrder({ items: items(await shop.newProduct()), paymentMethod: { id } }, newcomer);
    expect(await me()).toMatchObject({ orderCount: 2, preferredPaymentMethod: id });
  });

  test('is told, counted and audited', async () => {
    const order = await settledOrder({ items: items(await shop.newProduct()) });
    expect(outboxOf(order.orderId)).toMatchObject([{ type: 'order_confirmation', role: 'Customer' }]);
    const events = shop.runtime.streamRecords().map((record) => JSON.parse(record.data));
    expect(events).toContainEqual(
      expect.objectContaining({ eventId: `${order.orderId}#order.paid`, version: 1, type: 'order.paid' }),
    );
    const audit = (await shop.rows('AUDIT_TABLE')).filter((row) => row.pk === `ORDER#${order.orderId}`);
    expect(audit.map((row) => row.action).sort()).toEqual(['order.created', 'order.paid']);
    expect(order.auditLogs.map((entry: { action: string }) => entry.action)).toEqual([
      'order.paid',
      'order.created',
    ]);
  });
});

describe('the sandbox’s payment methods', () => {
  test.each([
    ['pm_card_visa_chargeDeclined', 'payment_declined'],
    ['pm_card_radarBlock', 'payment_blocked'],
    ['pm_timeout', 'payment_unavailable'],
    ['pm_flaky_4', 'payment_unavailable'],
    ['pm_never_heard_of', 'payment_declined'],
  ])('%s fails the order as %s and gives the stock back', async (token, code) => {
    const productId = await shop.newProduct();
    const order = await settledOrder({ items: items(productId, 3), ...pay(token) });
    expect(order).toMatchObject({ status: 'Failed', failure: { code } });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 10 });
    expect(outboxOf(order.orderId)).toMatchObject([{ type: 'order_failed', data: { failureCode: code } }]);
  });

  test.each([
    ['pm_flaky_1', 2],
    ['pm_flaky_3', 4],
  ])('%s is paid at attempt %i', async (token, attempts) => {
    const order = await settledOrder({ items: items(await shop.newProduct()), ...pay(token) });
    expect(order).toMatchObject({ status: 'Paid', paymentInfo: { attempts } });
    const { json } = await shop.call('GET', `/order/${order.orderId}/checkout`, { token: customer.token });
    expect(json.states.find((state: { name: string }) => state.name === 'ProcessPayment')).toMatchObject({
      attempts,
      outcome: 'succeeded',
    });
  });
});

describe('an order under suspicion', () => {
  async function heldOrder() {
    const productId = await shop.newProduct();
    const placed = await shop.place(customer, {
      items: items(productId),
      ...pay('pm_card_riskLevelElevated'),
    });
    const order = await shop.inStatus(placed.json.orderId, 'OnHold');
    return { order, productId };
  }
  const decide = (orderId: string, decision: 'approve' | 'reject', token = shop.manager) =>
    shop.call('POST', `/order/${orderId}/${decision}`, { token, body: { reason: 'looked at it' } });

  test('is held, told to the staff, and shown as such', async () => {
    const { order, productId } = await heldOrder();
    expect(order.flags.fraudFlag).toBe(true);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 9 });
    await eventually(() => outboxOf(order.orderId)[1]);
    expect(outboxOf(order.orderId)).toMatchObject([
      { type: 'order_on_hold', role: 'Manager' },
      { type: 'order_on_hold', role: 'Admin' },
    ]);
  });

  test('is paid once a manager approves it', async () => {
    const { order } = await heldOrder();
    expect((await decide(order.orderId, 'approve')).status).toBe(202);
    expect(await shop.settled(order.orderId)).toMatchObject({ status: 'Paid', flags: { fraudFlag: true } });
    const audit = (await shop.rows('AUDIT_TABLE')).filter((row) => row.pk === `ORDER#${order.orderId}`);
    expect(audit).toContainEqual(
      expect.objectContaining({ action: 'order.approved', reason: 'looked at it' }),
    );
  });

  test('fails when a manager rejects it, uncharged and with its stock back', async () => {
    const { order, productId } = await heldOrder();
    expect((await decide(order.orderId, 'reject')).status).toBe(202);
    expect(await shop.settled(order.orderId)).toMatchObject({
      status: 'Failed',
      failure: { code: 'review_rejected' },
    });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 10 });
  });

  test('takes one decision when two managers decide at once', async () => {
    const { order } = await heldOrder();
    const answers = await Promise.all([decide(order.orderId, 'approve'), decide(order.orderId, 'reject')]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
    const approved = answers[0]?.status === 202;
    expect((await shop.settled(order.orderId)).status).toBe(approved ? 'Paid' : 'Failed');
  });

  test('cannot be decided once it has ended, nor before it is on hold', async () => {
    const { order } = await heldOrder();
    await decide(order.orderId, 'approve');
    await shop.settled(order.orderId);
    expect((await decide(order.orderId, 'reject')).json.code).toBe('invalid_state');
    expect((await decide(order.orderId, 'approve')).json.code).toBe('invalid_state');
  });

  test('is not for customers to decide, and an unknown order is not found', async () => {
    const { order } = await heldOrder();
    expect((await decide(order.orderId, 'approve', customer.token)).json.code).toBe('forbidden');
    expect((await decide('01UNKNOWN', 'approve')).json.code).toBe('not_found');
    await decide(order.orderId, 'reject');
  });
});

describe('stock that does not suffice', () => {
  test('fails the order with alternatives of the same category and charges nothing', async () => {
    const category = 'rare things';
    const productId = await shop.newProduct({ category, stockCount: 1 });
    const other = await shop.newProduct({ category });
    const order = await settledOrder({ items: items(productId, 2) });
    expect(order).toMatchObject({
      status: 'Failed',
      failure: { code: 'out_of_stock', alternatives: [{ productId: other }] },
      paymentInfo: { attempts: 0 },
    });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 1, availableCount: 1 });
  });

  test('is sold in part when the customer allows it, and only that part is paid', async () => {
    const short = await shop.newProduct({ stockCount: 1 });
    const gone = await shop.newProduct({ stockCount: 0 });
    const plenty = await shop.newProduct();
    const order = await settledOrder({
      items: [...items(short, 3), ...items(gone, 1), ...items(plenty, 2)],
      allowPartial: true,
    });
    expect(order).toMatchObject({ status: 'Paid', flags: { partialFulfillment: true } });
    expect(order.pricing.total.amount).toBe(3000);
    expect(
      order.items.map((item: { status: string; allocated: number }) => [item.status, item.allocated]),
    ).toEqual([
      ['partial', 1],
      ['unfulfilled', 0],
      ['allocated', 2],
    ]);
    expect(outboxOf(order.orderId)).toMatchObject([{ type: 'order_partial' }]);
  });

  test('fails even an order that allows a part when there is nothing at all', async () => {
    const gone = await shop.newProduct({ stockCount: 0 });
    const order = await settledOrder({ items: items(gone, 3), allowPartial: true });
    expect(order).toMatchObject({ status: 'Failed', failure: { code: 'out_of_stock' } });
  });

  test('flags what runs low', async () => {
    const productId = await shop.newProduct({ stockCount: 7, lowStockThreshold: 5 });
    expect((await settledOrder({ items: items(productId, 2) })).flags.lowStock).toEqual([productId]);
  });
});
