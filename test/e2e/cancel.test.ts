import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGate } from '../support/gate.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;
const gate = createGate();
const total = { amount: 2000, currency: 'USD' };
const pieces = { stockCount: 10, availableCount: 10 };

beforeAll(async () => {
  shop = await openShop({ failures: gate.failures });
  customer = await shop.newCustomer();
});
afterAll(() => shop?.stop());

const cancel = (orderId: string, token = customer.token, body: unknown = { reason: 'changed my mind' }) =>
  shop.call('POST', `/order/${orderId}/cancel`, { token, body });

async function placed(fields: Record<string, unknown> = {}, by = customer) {
  const productId = await shop.newProduct();
  const { json } = await shop.place(by, { items: items(productId, 2), ...fields });
  return { productId, orderId: String(json.orderId) };
}

const paymentOf = async (orderId: string) =>
  (await shop.rows('ORDERS_TABLE')).find((row) => row.pk === `ORDER#${orderId}` && row.sk === 'PAYMENT');
const stockRows = async (productId: string) =>
  (await shop.rows('INVENTORY_TABLE')).filter((row) => row.pk === `PRODUCT#${productId}`);
const messages = (orderId: string) =>
  shop.runtime
    .outbox()
    .map(({ message }) => JSON.parse(message))
    .filter((message) => message.orderId === orderId)
    .map((message) => message.type);

async function expectWhole(orderId: string, productId: string, refunded?: typeof total) {
  const order = await shop.inStatus(orderId, 'Cancelled');
  await eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined);
  expect(order.paymentInfo.refunded).toEqual(refunded);
  expect(order.failure).toBeUndefined();
  expect(order.timeline.at(-1)).toMatchObject({ status: 'Cancelled' });
  expect(await shop.stockOf(productId)).toEqual(pieces);
  const rows = await stockRows(productId);
  expect(rows.filter((row) => row.state === 'HELD')).toEqual([]);
  expect(rows.reduce((sum, row) => sum + Number(row.delta ?? 0), 0)).toBe(pieces.stockCount);
  const runs = shop.runtime.executions().filter(({ name }) => name.startsWith(orderId));
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'SUCCEEDED'));
  expect(messages(orderId).filter((type) => type === 'order_cancelled')).toHaveLength(1);
  return order;
}

describe('an order is cancelled', () => {
  test('while it waits for the profile: the wait ends and nothing was charged', async () => {
    const newcomer = await shop.newCustomer({ withProfile: false });
    const { orderId, productId } = await placed({}, newcomer);
    await shop.inStatus(orderId, 'AwaitingProfile');
    expect((await cancel(orderId, newcomer.token)).status).toBe(202);
    await expectWhole(orderId, productId);
    expect(await paymentOf(orderId)).toMatchObject({ undo: 'done' });
    expect((await shop.rows('ORDERS_TABLE')).filter((row) => row.sk === orderId)).toEqual([]);
  });

  test('before its stock is held', async () => {
    const stop = gate.close('validateOrder');
    const { orderId, productId } = await placed();
    await stop.reached;
    const answer = await cancel(orderId);
    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ orderId, status: 'Pending' });
    stop.open();
    await expectWhole(orderId, productId);
  });

  test('while it waits for a review: the authorization is voided, and nobody can approve it any more', async () => {
    const { orderId, productId } = await placed({ paymentMethod: { token: 'pm_card_riskLevelElevated' } });
    await shop.inStatus(orderId, 'OnHold');
    expect((await cancel(orderId)).status).toBe(202);
    const late = await shop.call('POST', `/order/${orderId}/approve`, {
      token: shop.manager,
      body: { reason: 'fine' },
    });
    expect(late.status).toBe(409);
    expect(late.json.code).toBe('invalid_state');
    await expectWhole(orderId, productId);
  });

  test.each(['authorize', 'capture', 'updateOrderStatus'])(
    'while it is being paid, before %s: the money comes back',
    async (task) => {
      const stop = gate.close(task);
      const { orderId, productId } = await placed();
      await stop.reached;
      expect((await cancel(orderId)).status).toBe(202);
      stop.open();
      await expectWhole(orderId, productId, total);
      expect(await paymentOf(orderId)).toMatchObject({ state: 'captured', undo: 'done', refunded: total });
    },
  );

  test('when it is paid but its stock not sold yet: checkout and reversal meet', async () => {
    const stop = gate.close('commit');
    const { orderId, productId } = await placed();
    await stop.reached;
    expect((await cancel(orderId)).json.status).toBe('Paid');
    await eventually(async () =>
      (await stockRows(productId)).some((row) => row.state === 'RELEASED') ? true : undefined,
    );
    stop.open();
    await expectWhole(orderId, productId, total);
  });

  test('after it was paid: refund, stock and count come back, and all of it can be read in the trail', async () => {
    const buyer = await shop.newCustomer();
    const { orderId, productId } = await placed({}, buyer);
    await shop.settled(orderId);
    expect((await cancel(orderId, buyer.token)).status).toBe(202);
    const order = await expectWhole(orderId, productId, total);
    expect(order.timeline.map((step: { status: string }) => step.status)).toEqual([
      'Pending',
      'Paid',
      'Cancelled',
    ]);
    expect((await shop.call('GET', '/user/me', { token: buyer.token })).json.orderCount).toBe(0);
    const trail = await shop.call('GET', `/order/${orderId}/audit`, { token: shop.manager });
    expect(trail.json.items.map((entry: { action: string }) => entry.action)).toEqual([
      'order.cancelled',
      'order.cancel_requested',
      'order.paid',
      'order.created',
    ]);
    expect(trail.json.items[1]).toMatchObject({
      actor: { id: buyer.userId, role: 'Customer' },
      reason: 'changed my mind',
      before: { status: 'Paid' },
      where: { ip: expect.any(String), device: expect.any(String) },
    });
    expect(trail.json.items[0]).toMatchObject({ after: { status: 'Cancelled', refunded: total } });
  });

  test('though its payment is declined meanwhile: it ends as was asked for', async () => {
    const stop = gate.close('authorize');
    const { orderId, productId } = await placed({ paymentMethod: { token: 'pm_card_visa_chargeDeclined' } });
    await stop.reached;
    await cancel(orderId);
    stop.open();
    await expectWhole(orderId, productId);
  });

  test('by an Admin, without a reason and without a body', async () => {
    const { orderId, productId } = await placed();
    await shop.settled(orderId);
    const answer = await shop.call('POST', `/order/${orderId}/cancel`, { token: shop.admin });
    expect(answer.status).toBe(202);
    await expectWhole(orderId, productId, total);
  });
});

describe('a cancellation', () => {
  test('asked for twice is answered the same while it is under way, and refused once it is done', async () => {
    const stop = gate.close('validateOrder');
    const { orderId } = await placed();
    await stop.reached;
    expect((await cancel(orderId)).status).toBe(202);
    expect((await cancel(orderId)).status).toBe(202);
    stop.open();
    await shop.inStatus(orderId, 'Cancelled');
    const late = await cancel(orderId);
    expect([late.status, late.json.code]).toEqual([409, 'invalid_state']);
  });

  test('keeps an Admin from shipping the order', async () => {
    const { orderId } = await placed();
    await shop.settled(orderId);
    const stop = gate.close('undo');
    await cancel(orderId);
    await stop.reached;
    const shipping = await shop.call('PATCH', `/order/${orderId}`, {
      token: shop.admin,
      body: { status: 'Shipped' },
    });
    expect([shipping.status, shipping.json.code]).toEqual([409, 'invalid_state']);
    stop.open();
    await shop.inStatus(orderId, 'Cancelled');
  });

  test('that nobody asks for lets a paid order be shipped, once its stock is sold and not before', async () => {
    const stop = gate.close('commit');
    const { orderId } = await placed();
    await stop.reached;
    const ship = async () => {
      const body = { status: 'Shipped' };
      const { status, json } = await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body });
      return [status, json.code ?? json.status];
    };
    expect((await shop.order(orderId)).status).toBe('Paid');
    expect(await ship()).toEqual([409, 'invalid_state']);
    stop.open();
    expect((await shop.settled(orderId)).status).toBe('Paid');
    expect(await ship()).toEqual([200, 'Shipped']);
  });

  test('is not for others, staff without the right, or orders that are not there', async () => {
    const { orderId } = await placed();
    await shop.settled(orderId);
    const other = await shop.newCustomer();
    const codes = async (token: string | undefined, id = orderId) => {
      const { status, json } = await shop.call('POST', `/order/${id}/cancel`, { token, body: {} });
      return [status, json.code];
    };
    expect(await codes(other.token)).toEqual([404, 'not_found']);
    expect(await codes(shop.manager)).toEqual([403, 'forbidden']);
    expect(await codes(undefined)).toEqual([401, 'unauthenticated']);
    expect(await codes(shop.admin, 'nowhere')).toEqual([404, 'not_found']);
    const wrong = await cancel(orderId, customer.token, { reason: '', why: 1 });
    expect(wrong.json.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      '/reason',
      '/why',
    ]);
  });

  test.each(['Shipped', 'Failed'])('comes too late for an order that is %s', async (status) => {
    const method = status === 'Failed' ? 'pm_card_visa_chargeDeclined' : 'pm_card_visa';
    const { orderId } = await placed({ paymentMethod: { token: method } });
    await shop.settled(orderId);
    if (status === 'Shipped') {
      await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status } });
    }
    const late = await cancel(orderId);
    expect([late.status, late.json.code]).toEqual([409, 'invalid_state']);
  });
});
