import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
/** How many of the next batches are counted, then said to have failed, so that they come again. */
let repeat = 0;

beforeAll(async () => {
  shop = await openShop({
    failures: ({ functionName }) => {
      if (functionName !== 'insights' || repeat <= 0) return undefined;
      repeat -= 1;
      return { when: 'after', error: { errorType: 'Sandbox.Timedout', errorMessage: 'the answer was lost' } };
    },
  });
});
afterAll(() => shop?.stop());

interface Row {
  status?: string;
  productId?: string;
  orders: number;
  paidOrders: number;
  revenue: { amount: number; currency: string };
}
const today = () => new Date().toISOString().slice(0, 10);
/** These tests may go past midnight. */
const firstDay = today();
const report = async (query: string) =>
  shop.call('GET', `/order/report?from=${firstDay}&to=${today()}&${query}`, { token: shop.manager });
const rows = async (groupBy: string): Promise<Row[]> => (await report(`groupBy=${groupBy}`)).json.rows;
const ofProduct = (productId: string, probe: (row: Row) => boolean) =>
  eventually(async () => (await rows('product')).find((row) => row.productId === productId && probe(row)));

async function bought(products: string[], fields: Record<string, unknown> = {}) {
  const customer = await shop.newCustomer();
  const lines = products.flatMap((productId) => items(productId));
  const placed = await shop.place(customer, { items: lines, ...fields });
  expect(placed.status, placed.text).toBe(202);
  return { customer, order: await shop.settled(placed.json.orderId) };
}

describe('GET /order/report', () => {
  it('shows a paid order once, though each record of the stream came several times', async () => {
    repeat = 5;
    const productId = await shop.newProduct({ name: '=cmd()' });
    await bought([productId]);
    const row = await ofProduct(productId, ({ paidOrders }) => paidOrders > 0);
    expect(row).toMatchObject({ orders: 1, paidOrders: 1, revenue: { amount: 1000, currency: 'USD' } });
    await eventually(() => (repeat === 0 ? true : undefined));
    await bought([productId]);
    expect(await ofProduct(productId, ({ paidOrders }) => paidOrders > 1)).toMatchObject({ orders: 2 });
    const { text, headers } = await shop.call('GET', '/order/report?groupBy=product', {
      token: shop.manager,
      headers: { accept: 'text/csv' },
    });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(text).toContain(`\r\n${productId},'=cmd(),USD,2,2,2000,2,2,2000\r\n`);
  });

  it('moves an order from Paid to Cancelled when it is taken back', async () => {
    const productId = await shop.newProduct();
    const { customer, order } = await bought([productId]);
    await ofProduct(productId, ({ paidOrders }) => paidOrders === 1);
    const cancelled = () => rows('status').then((all) => all.find((row) => row.status === 'Cancelled'));
    const before = (await cancelled())?.orders ?? 0;
    const answer = await shop.call('POST', `/order/${order.orderId}/cancel`, {
      token: customer.token,
      body: {},
    });
    expect(answer.status, answer.text).toBe(202);
    const row = await ofProduct(productId, ({ paidOrders }) => paidOrders === 0);
    expect(row).toMatchObject({ orders: 1, revenue: { amount: 0 } });
    expect((await cancelled())?.orders).toBe(before + 1);
  });

  it('names what is wrong with a range, and is for staff only', async () => {
    const wrong = await shop.call('GET', '/order/report?from=2024-01-01&to=2026-01-01', {
      token: shop.admin,
    });
    expect([wrong.status, wrong.json.code, wrong.json.errors[0].path]).toEqual([
      400,
      'validation_failed',
      '/query/from',
    ]);
    const { token } = await shop.newCustomer();
    const refused = await shop.call('GET', '/order/report', { token });
    expect([refused.status, refused.json.code]).toEqual([403, 'forbidden']);
    expect((await shop.call('GET', '/order/report')).status).toBe(401);
  });
});

describe('GET /user/{userId}/recommendations', () => {
  it('names what others bought beside it, and promotions that the user can redeem', async () => {
    const [mug = '', cup = '', lamp = ''] = await Promise.all(
      ['cups', 'cups', 'lamps'].map((category) => shop.newProduct({ category })),
    );
    const promotion = { code: 'BACK10', kind: 'percent', value: 10, segment: 'returning' };
    const made = await shop.call('POST', '/order/promotion', { token: shop.admin, body: promotion });
    expect(made.status, made.text).toBe(201);
    const { customer } = await bought([mug]);
    await bought([mug, cup]);
    await bought([lamp]);
    const ask = async (token: string) => (await shop.call('GET', '/user/me/recommendations', { token })).json;
    const answer = await eventually(async () => {
      const json = await ask(customer.token);
      const ids = json.items.map((item: { product: { productId: string } }) => item.product.productId);
      return ids.includes(cup) && ids.includes(lamp) ? json : undefined;
    });
    expect(answer.items[0]).toMatchObject({ reason: 'bought_together', product: { productId: cup } });
    expect(JSON.stringify(answer.items)).not.toContain(mug);
    expect(answer.promotions).toEqual([{ code: 'BACK10', kind: 'percent', value: 10 }]);
    const newcomer = await shop.newCustomer();
    const first = await ask(newcomer.token);
    expect(first.promotions).toEqual([]);
    expect(first.items[0]).toMatchObject({ reason: 'best_seller' });
  });

  it('are the user’s own, whoever else asks', async () => {
    const { userId } = await shop.newCustomer();
    const other = await shop.newCustomer();
    const path = `/user/${userId}/recommendations`;
    expect((await shop.call('GET', path, { token: other.token })).status).toBe(404);
    expect((await shop.call('GET', path, { token: shop.admin })).status).toBe(404);
    expect((await shop.call('GET', path)).status).toBe(401);
  });
});
