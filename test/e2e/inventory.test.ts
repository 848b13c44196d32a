import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
let admin: string;
let customer: string;

beforeAll(async () => {
  stack = await startLocalStack({ seed: false });
  [admin, customer] = await Promise.all([stack.loginAs('admin'), stack.loginAs('customer')]);
});
afterAll(() => stack?.stop());

async function aProductOf(stockCount: number): Promise<string> {
  const prices = [{ amount: 1000, currency: 'USD' }];
  const body = { name: `Product of ${stockCount}`, category: 'test', prices, stockCount };
  return (await stack.call('POST', '/product', { token: admin, body })).json.productId;
}

type Line = [productId: string, quantity: number];

/** Places an order and waits for the end of its checkout. */
async function buy(lines: Line[], { card = 'pm_card_visa', allowPartial = false } = {}) {
  const items = lines.map(([productId, quantity]) => ({ productId, quantity }));
  const placed = await stack.call('POST', '/order', {
    token: customer,
    headers: { 'Idempotency-Key': randomUUID() },
    body: { items, paymentMethod: { token: card }, allowPartial },
  });
  expect(placed.status).toBe(202);
  const { orderId } = placed.json;
  await eventually(() => {
    const run = stack.runtime.executions().find((execution) => execution.name === orderId);
    return run && run.status !== 'RUNNING' ? run : undefined;
  });
  return (await stack.call('GET', `/order/${orderId}`, { token: admin })).json;
}

async function counts(productId: string) {
  const { json } = await stack.call('GET', `/product/${productId}`, { token: admin });
  return [json.stockCount, json.availableCount];
}

async function ledger(productId: string) {
  return (await stack.call('GET', `/product/${productId}/stock`, { token: admin })).json.items;
}

describe('a checkout', () => {
  it('that is paid takes its pieces from the stock and the ledger tells for which order', async () => {
    const [a, b] = [await aProductOf(10), await aProductOf(5)];
    const order = await buy([
      [a, 3],
      [b, 5],
    ]);
    expect(order.status).toBe('Paid');
    expect(await counts(a)).toEqual([7, 7]);
    expect(await counts(b)).toEqual([0, 0]);
    expect((await ledger(a))[0]).toMatchObject({
      delta: -3,
      reason: 'sold',
      orderId: order.orderId,
      actor: 'system',
      stockCount: 7,
    });
  });

  it('that is declined gives its pieces back and leaves no trace in the ledger', async () => {
    const a = await aProductOf(10);
    const order = await buy([[a, 3]], { card: 'pm_card_visa_chargeDeclined' });
    expect(order).toMatchObject({ status: 'Failed', failure: { code: 'payment_declined' } });
    expect(await counts(a)).toEqual([10, 10]);
    expect(await ledger(a)).toHaveLength(1);
  });

  it('of a part sells that part and nothing of the rest', async () => {
    const [a, b, none] = [await aProductOf(10), await aProductOf(1), await aProductOf(0)];
    const order = await buy(
      [
        [a, 2],
        [b, 4],
        [none, 1],
      ],
      { allowPartial: true },
    );
    expect(order).toMatchObject({ status: 'Paid', flags: { partialFulfillment: true } });
    expect(order.items.map((item: { allocated: number }) => item.allocated)).toEqual([2, 1, 0]);
    expect([await counts(a), await counts(b), await counts(none)]).toEqual([
      [8, 8],
      [0, 0],
      [0, 0],
    ]);
    expect(await ledger(none)).toHaveLength(1);
  });

  it('that asks for more than there is fails and takes nothing', async () => {
    const [a, b] = [await aProductOf(10), await aProductOf(1)];
    const order = await buy([
      [a, 2],
      [b, 4],
    ]);
    expect(order).toMatchObject({ status: 'Failed', failure: { code: 'out_of_stock' } });
    expect([await counts(a), await counts(b)]).toEqual([
      [10, 10],
      [1, 1],
    ]);
  });

  it('one of twelve at once gets each of five pieces', async () => {
    const a = await aProductOf(5);
    const orders = await Promise.all(Array.from({ length: 12 }, () => buy([[a, 1]])));
    expect(orders.filter((order) => order.status === 'Paid')).toHaveLength(5);
    expect(orders.filter((order) => order.failure?.code === 'out_of_stock')).toHaveLength(7);
    expect(await counts(a)).toEqual([0, 0]);
    expect(await ledger(a)).toHaveLength(6);
  });
});
