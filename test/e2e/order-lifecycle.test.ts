import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;
const total = { amount: 2000, currency: 'USD' };

beforeAll(async () => {
  shop = await openShop();
  customer = await shop.newCustomer();
});
afterAll(() => shop?.stop());

async function paid(method = 'pm_card_visa') {
  const productId = await shop.newProduct();
  const placed = await shop.place(customer, { items: items(productId, 2), paymentMethod: { token: method } });
  await shop.settled(placed.json.orderId);
  return { productId, orderId: String(placed.json.orderId) };
}

const patch = (orderId: string, body: unknown, token = shop.admin) =>
  shop.call('PATCH', `/order/${orderId}`, { token, body });
const remove = (orderId: string, token = shop.admin) => shop.call('DELETE', `/order/${orderId}`, { token });
const trailOf = (orderId: string, query = '', token = shop.manager) =>
  shop.call('GET', `/order/${orderId}/audit${query}`, { token });
const actions = (answer: { json: { items: { action: string }[] } }) => answer.json.items.map((e) => e.action);

describe('PATCH /order/{orderId}', () => {
  test('ships, delivers and refunds, each with note, time and actor', async () => {
    const { orderId, productId } = await paid();
    const shipped = await patch(orderId, { status: 'Shipped', note: 'DHL 123' });
    expect(shipped.status).toBe(200);
    expect(shipped.json).toMatchObject({ orderId, status: 'Shipped' });
    expect(shipped.json.timeline.at(-1)).toMatchObject({ status: 'Shipped', by: 'admin' });
    expect((await patch(orderId, { status: 'Delivered' })).json.status).toBe('Delivered');
    const refunded = await patch(orderId, { status: 'Refunded', note: 'arrived broken' });
    expect([refunded.status, refunded.json.status]).toEqual([200, 'Refunded']);
    const closed = await eventually(async () => {
      const order = await shop.order(orderId);
      return order.paymentInfo.refunded ? order : undefined;
    });
    expect(closed.paymentInfo.refunded).toEqual(total);
    expect(closed.timeline.map((step: { status: string }) => step.status)).toEqual([
      'Pending',
      'Paid',
      'Shipped',
      'Delivered',
      'Refunded',
    ]);
    // What was shipped stays with the customer.
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
    const trail = await eventually(async () => {
      const found = await trailOf(orderId);
      return actions(found).includes('order.refunded') ? found : undefined;
    });
    expect(actions(trail)).toEqual([
      'order.refunded',
      'order.refund_requested',
      'order.delivered',
      'order.shipped',
      'order.paid',
      'order.created',
    ]);
    expect(trail.json.items[3]).toMatchObject({
      actor: { role: 'Admin' },
      reason: 'DHL 123',
      before: { status: 'Paid' },
      after: { status: 'Shipped' },
      where: { ip: expect.any(String), region: expect.any(String), device: expect.any(String) },
      requestId: expect.any(String),
    });
  });

  test('answers the same again, and refuses what the status does not allow', async () => {
    const { orderId } = await paid();
    const code = async (status: string) => {
      const { status: http, json } = await patch(orderId, { status });
      return http === 200 ? 200 : json.code;
    };
    expect(await code('Delivered')).toBe('invalid_state');
    expect(await code('Refunded')).toBe('invalid_state');
    expect(await code('Shipped')).toBe(200);
    expect(await code('Shipped')).toBe(200);
    expect(await code('Delivered')).toBe(200);
    expect(await code('Shipped')).toBe('invalid_state');
    const { json } = await shop.call('GET', `/order/${orderId}`, { token: shop.admin });
    expect(json.timeline.filter((step: { status: string }) => step.status === 'Shipped')).toHaveLength(1);
  });

  test('is for Admins, of orders that exist, with a body that is right', async () => {
    const { orderId } = await paid();
    expect((await patch(orderId, { status: 'Shipped' }, shop.manager)).json.code).toBe('forbidden');
    expect((await patch(orderId, { status: 'Shipped' }, customer.token)).json.code).toBe('forbidden');
    expect((await patch('nowhere', { status: 'Shipped' })).json.code).toBe('not_found');
    const wrong = await patch(orderId, { status: 'Paid', note: '', tracking: 'x' });
    expect(wrong.status).toBe(400);
    expect(wrong.json.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      '/note',
      '/status',
      '/tracking',
    ]);
  });
});

describe('DELETE /order/{orderId}', () => {
  test('takes a failed order away and keeps its trail', async () => {
    const { orderId } = await paid('pm_card_visa_chargeDeclined');
    const answer = await remove(orderId);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await shop.call('GET', `/order/${orderId}`, { token: shop.admin })).status).toBe(404);
    expect((await remove(orderId)).status).toBe(404);
    expect(actions(await trailOf(orderId))).toEqual(['order.deleted', 'order.failed', 'order.created']);
    const mine = await shop.call('GET', '/order', { token: customer.token });
    expect(mine.json.items.map((order: { orderId: string }) => order.orderId)).not.toContain(orderId);
  });

  test('takes a cancelled order away', async () => {
    const { orderId } = await paid();
    await shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token });
    await shop.inStatus(orderId, 'Cancelled');
    expect((await remove(orderId)).status).toBe(204);
  });

  test('refuses every other order and everybody but Admins', async () => {
    const { orderId } = await paid();
    const refused = await remove(orderId);
    expect([refused.status, refused.json.code]).toEqual([409, 'invalid_state']);
    expect((await remove(orderId, shop.manager)).json.code).toBe('forbidden');
    expect((await remove(orderId, customer.token)).json.code).toBe('forbidden');
  });
});

describe('GET /order/{orderId}/audit', () => {
  test('comes in pages that neither skip nor repeat', async () => {
    const { orderId } = await paid();
    await patch(orderId, { status: 'Shipped' });
    await patch(orderId, { status: 'Delivered' });
    const seen: string[] = [];
    let query = '?limit=1';
    for (let page = 0; page < 10; page += 1) {
      const answer = await trailOf(orderId, query);
      seen.push(...actions(answer));
      if (!answer.json.nextCursor) break;
      query = `?limit=1&cursor=${answer.json.nextCursor}`;
    }
    expect(seen).toEqual(['order.delivered', 'order.shipped', 'order.paid', 'order.created']);
  });

  test('is for staff, of orders that exist', async () => {
    const { orderId } = await paid();
    expect((await trailOf(orderId, '', customer.token)).json.code).toBe('forbidden');
    expect((await trailOf('nowhere')).json.code).toBe('not_found');
    expect((await trailOf(orderId, '?cursor=nonsense')).json.code).toBe('validation_failed');
  });

  test('tells of the waits of a checkout too', async () => {
    const newcomer = await shop.newCustomer({ withProfile: false });
    const productId = await shop.newProduct();
    const placed = await shop.place(newcomer, {
      items: items(productId),
      paymentMethod: { token: 'pm_card_riskLevelElevated' },
    });
    const { orderId } = placed.json;
    await shop.inStatus(orderId, 'AwaitingProfile');
    await shop.saveDetails(newcomer);
    await shop.inStatus(orderId, 'OnHold');
    await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'known' } });
    await shop.settled(orderId);
    const order = await shop.order(orderId);
    const mirrored = order.auditLogs.map((entry: { action: string }) => entry.action);
    expect(mirrored).toEqual([
      'order.paid',
      'order.approved',
      'order.on_hold',
      'order.profile_completed',
      'order.awaiting_profile',
      'order.created',
    ]);
    const kept = actions(await trailOf(orderId));
    expect(kept).toEqual(mirrored);
  });
});

describe('low stock', () => {
  const alerts = (productId: string) =>
    shop.runtime
      .outbox()
      .filter(({ attributes }) => attributes.type === 'low_stock')
      .map(({ message, attributes }) => ({ ...JSON.parse(message), attributes }))
      .filter(({ data }) => data.productId === productId);
  const buy = async (productId: string, quantity: number) => {
    const placed = await shop.place(customer, { items: items(productId, quantity) });
    return shop.settled(placed.json.orderId);
  };

  const adjust = (productId: string, delta: number) =>
    shop.call('POST', `/product/${productId}/stock`, {
      token: shop.manager,
      body: { delta, reason: 'counted' },
    });
  /** Waits until there are so many; one product's changes are told in their order, so one too many is seen. */
  const told = (productId: string, count: number) =>
    eventually(() => {
      const found = alerts(productId);
      return found.length >= count ? found : undefined;
    });
  const eventsOf = (productId: string) =>
    shop.runtime
      .streamRecords()
      .map(({ data }) => JSON.parse(data))
      .filter((event) => event.productId === productId);

  test('is told to the staff once for each crossing of the threshold', async () => {
    const productId = await shop.newProduct({ stockCount: 8, lowStockThreshold: 5 });
    await buy(productId, 2);
    await buy(productId, 1);
    expect(await told(productId, 1)).toMatchObject([
      { role: 'Manager', data: { availableCount: '5', threshold: '5' }, attributes: { role: 'Manager' } },
    ]);
    await buy(productId, 1);
    await adjust(productId, 6);
    await buy(productId, 6);
    expect((await told(productId, 2)).map(({ data }) => data.availableCount)).toEqual(['5', '4']);
    await eventually(() => eventsOf(productId).length >= 2 || undefined);
    expect(eventsOf(productId)).toMatchObject([
      { type: 'stock.low', available: 5, threshold: 5 },
      { type: 'stock.low', available: 4, threshold: 5 },
    ]);
  });

  test('is told when an adjustment or a raised threshold brings a product there', async () => {
    const productId = await shop.newProduct({ stockCount: 8, lowStockThreshold: 5 });
    await adjust(productId, -8);
    expect(await told(productId, 1)).toMatchObject([{ data: { availableCount: '0', threshold: '5' } }]);
    await adjust(productId, 8);
    const edit = { token: shop.admin, body: { lowStockThreshold: 8 }, headers: { 'if-match': '*' } };
    expect((await shop.call('PATCH', `/product/${productId}`, edit)).status).toBe(200);
    expect((await told(productId, 2))[1]).toMatchObject({ data: { availableCount: '8', threshold: '8' } });
  });

  test('counts a crossing anew when a cancellation has lifted the stock above it', async () => {
    const productId = await shop.newProduct({ stockCount: 7, lowStockThreshold: 5 });
    const { orderId } = await buy(productId, 3);
    await shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token });
    await shop.inStatus(orderId, 'Cancelled');
    await buy(productId, 4);
    expect((await told(productId, 2)).map(({ data }) => data.availableCount)).toEqual(['4', '3']);
  });

  test('is told once when many orders cross together', async () => {
    const productId = await shop.newProduct({ stockCount: 20, lowStockThreshold: 15 });
    await Promise.all(Array.from({ length: 10 }, () => buy(productId, 1)));
    await adjust(productId, 10);
    await adjust(productId, -10);
    expect((await told(productId, 2)).map(({ data }) => data.availableCount).at(-1)).toBe('10');
    expect(alerts(productId)).toHaveLength(2);
  });
});
