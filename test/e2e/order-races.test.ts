import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let buyers: Customer[];

beforeAll(async () => {
  shop = await openShop({ prewarm: true });
  buyers = await Promise.all(Array.from({ length: 6 }, () => shop.newCustomer()));
});
afterAll(() => shop?.stop());

const buyer = (index: number): Customer => buyers[index % buyers.length] as Customer;

async function placeAll(bodies: Record<string, unknown>[]): Promise<{ status: string }[]> {
  const placed = await Promise.all(bodies.map((body, index) => shop.place(buyer(index), body)));
  expect(placed.map((answer) => answer.status)).toEqual(bodies.map(() => 202));
  await eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined, 90);
  return Promise.all(placed.map((answer) => shop.order(answer.json.orderId)));
}

const count = (orders: { status: string }[], status: string) =>
  orders.filter((order) => order.status === status).length;

/** Rows that hold stock or have sold it. */
async function rowsOf(productId: string) {
  const rows = (await shop.rows('INVENTORY_TABLE')).filter((row) => row.pk === `PRODUCT#${productId}`);
  const quantity = (state: string) =>
    rows.filter((row) => row.state === state).reduce((sum, row) => sum + Number(row.quantity), 0);
  return { held: quantity('HELD'), sold: quantity('SOLD') };
}

describe('120 checkouts for 50 pieces', () => {
  test('pay exactly 50, oversell none and leave no hold', { timeout: 120_000 }, async () => {
    const productId = await shop.newProduct({ stockCount: 50 });
    const orders = await placeAll(Array.from({ length: 120 }, () => ({ items: items(productId) })));
    expect(count(orders, 'Paid')).toBe(50);
    expect(count(orders, 'Failed')).toBe(70);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 0, availableCount: 0 });
    expect(await rowsOf(productId)).toEqual({ held: 0, sold: 50 });
    const users = await Promise.all(
      buyers.map(({ token }) => shop.call('GET', '/user/me', { token }).then((answer) => answer.json)),
    );
    expect(users.reduce((sum, user) => sum + user.orderCount, 0)).toBe(50);
  });
});

describe('orders of the same products in crossed order', () => {
  test('end whole: each gets both or neither', { timeout: 120_000 }, async () => {
    const left = await shop.newProduct({ stockCount: 12 });
    const right = await shop.newProduct({ stockCount: 12 });
    const crossed = [
      [...items(left), ...items(right)],
      [...items(right), ...items(left)],
    ];
    const orders = await placeAll(Array.from({ length: 40 }, (_, index) => ({ items: crossed[index % 2] })));
    expect(count(orders, 'Paid')).toBe(12);
    for (const productId of [left, right]) {
      expect(await rowsOf(productId)).toEqual({ held: 0, sold: 12 });
      expect(await shop.stockOf(productId)).toEqual({ stockCount: 0, availableCount: 0 });
    }
  });
});
