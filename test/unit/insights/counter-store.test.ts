import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countRecords } from '../../../lambdas/insights/count-records.ts';
import { createCounterStore } from '../../../shared/adapters/dynamodb/counter-store.ts';
import { createInsightReader } from '../../../shared/adapters/dynamodb/insight-reader.ts';
import { countersOf } from '../../../shared/insights/counters.ts';
import { reportRows } from '../../../shared/insights/report.ts';
import { orderFacts } from '../../../shared/insights/sales-facts.ts';
import type { Order } from '../../../shared/orders/order.ts';
import type { OrderStatus } from '../../../shared/orders/status.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { streamOf } from '../../support/order-histories.ts';

let dynamo: TestDynamo;
beforeAll(async () => {
  dynamo = await startDynamo('insights');
});
afterAll(() => dynamo?.stop());

const retry = { random: () => 0.5, sleep: async () => undefined };
const counters = () => createCounterStore(dynamo.client, dynamo.table('insights'), retry);
const reader = () => createInsightReader(dynamo.client, dynamo.table('insights'));

let made = 0;
function placed(fields: Partial<Order>): Order {
  made += 1;
  return anOrder({ orderId: `01KJMH4G00RDER${String(made).padStart(12, '0')}`, ...fields });
}
const become = (order: Order, ...statuses: OrderStatus[]): Order[] => [
  order,
  ...statuses.map((status, index) => ({ ...order, status, version: order.version + index + 1 })),
];
const deliver = (versions: Order[], deleted = false) =>
  countRecords({ Records: streamOf([{ versions, deleted }]) }, counters());
const marchDays = { from: '2026-03-01', to: '2026-03-31' };

describe('the counters in DynamoDB', () => {
  it('are the same after a record has come three times, and after four consumers met', async () => {
    const versions = become(placed({ createdAt: '2025-01-15T08:00:00.000Z' }), 'Paid');
    await Promise.all([deliver(versions), deliver(versions), deliver(versions), deliver(versions)]);
    await deliver(versions);
    await deliver(versions);
    const day = { from: '2025-01-15', to: '2025-01-15' };
    expect(await reader().sales(day)).toContainEqual({
      day: '2025-01-15',
      status: 'Paid',
      currency: 'USD',
      orders: 1,
      units: 2,
      amount: 2000,
    });
    const rows = await reportRows('status', day, reader());
    expect(rows.map(({ status, orders }) => [status, orders])).toEqual([['Paid', 1]]);
  });

  it('move nothing when another consumer has counted one of the orders meanwhile', async () => {
    const { facts } = orderFacts(placed({ createdAt: '2025-03-03T00:00:00.000Z' }));
    const mark = (orderId: string, before: number | undefined, version: number) => ({
      orderId,
      before,
      applied: { version, facts },
    });
    const moves = countersOf(facts);
    expect(await counters().apply([mark('met-1', undefined, 1)], moves)).toBe(true);
    expect(await counters().apply([mark('met-1', undefined, 2)], moves)).toBe(false);
    expect(await counters().apply([mark('met-2', undefined, 1), mark('met-1', 7, 8)], moves)).toBe(false);
    expect(await counters().findApplied(['met-1', 'met-2'])).toEqual(
      new Map([['met-1', { version: 1, facts }]]),
    );
    const [row] = await reportRows('day', { from: '2025-03-03', to: '2025-03-03' }, reader());
    expect(row?.orders).toBe(1);
  });

  it('take all of 200 orders that four consumers count at once', async () => {
    const createdAt = '2025-02-10T08:00:00.000Z';
    const all = Array.from({ length: 200 }, () => become(placed({ createdAt }), 'Paid', 'Shipped'));
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        const Records = all
          .filter((_, index) => index % 4 === n)
          .flatMap((versions) => streamOf([{ versions, deleted: false }]));
        let answer = await countRecords({ Records }, counters());
        for (let tries = 0; answer.batchItemFailures.length > 0 && tries < 20; tries += 1) {
          answer = await countRecords({ Records }, counters());
        }
        return answer;
      }),
    );
    expect(answers.flatMap((answer) => answer.batchItemFailures)).toEqual([]);
    const [row] = await reportRows('status', { from: '2025-02-10', to: '2025-02-10' }, reader());
    expect(row).toMatchObject({ status: 'Shipped', orders: 200, units: 400, revenue: { amount: 400_000 } });
  });

  it('make reports by status, day, currency and product, and keep currencies apart', async () => {
    const dollars = placed({ createdAt: '2026-03-01T23:59:59.999Z' });
    const total = { amount: 700, currency: 'EUR' };
    const euros = placed({
      createdAt: '2026-03-02T00:00:00.000Z',
      currency: 'EUR',
      items: [
        anItem({ quantity: 1, unitPrice: { amount: 500, currency: 'EUR' } }),
        anItem({ productId: 'bowl', name: 'Bowl', quantity: 1, unitPrice: { amount: 500, currency: 'EUR' } }),
      ],
      pricing: {
        subtotal: { amount: 1000, currency: 'EUR' },
        discount: { amount: 300, currency: 'EUR' },
        total,
      },
    });
    await deliver(become(dollars, 'Paid'));
    await deliver(become(euros, 'Failed'));
    const by = (groupBy: 'day' | 'status' | 'product' | 'currency') =>
      reportRows(groupBy, marchDays, reader());
    const usd = (amount: number) => ({ amount, currency: 'USD' });
    const eur = (amount: number) => ({ amount, currency: 'EUR' });
    const paid = { orders: 1, units: 2, amount: usd(2000), paidOrders: 1, paidUnits: 2, revenue: usd(2000) };
    const failed = { orders: 1, units: 2, amount: eur(700), paidOrders: 0, paidUnits: 0, revenue: eur(0) };
    expect(await by('status')).toEqual([
      { status: 'Paid', currency: 'USD', ...paid },
      { status: 'Failed', currency: 'EUR', ...failed },
    ]);
    expect(await by('day')).toEqual([
      { day: '2026-03-01', currency: 'USD', ...paid },
      { day: '2026-03-02', currency: 'EUR', ...failed },
    ]);
    expect(await by('currency')).toEqual([
      { currency: 'EUR', ...failed },
      { currency: 'USD', ...paid },
    ]);
    expect(await by('product')).toEqual([
      { productId: 'bowl', name: 'Bowl', currency: 'EUR', ...failed, units: 1, amount: eur(350) },
      { productId: 'mug', name: 'Enamel mug', currency: 'EUR', ...failed, units: 1, amount: eur(350) },
      { productId: 'mug', name: 'Enamel mug', currency: 'USD', ...paid },
    ]);
  });

  it('forget a deleted order, also when its deletion is heard of first', async () => {
    const createdAt = '2025-05-05T00:00:00.000Z';
    const versions = become(placed({ createdAt }), 'Failed');
    const records = streamOf([{ versions, deleted: true }]);
    await countRecords({ Records: records.slice(2) }, counters());
    await countRecords({ Records: records.slice(0, 2) }, counters());
    expect(await reportRows('day', { from: '2025-05-05', to: '2025-05-05' }, reader())).toEqual([]);
  });

  it('rank what was bought together and what sells best by number, not by text', async () => {
    const pair = (a: string, b: string) =>
      placed({
        items: [a, b].map((productId) => anItem({ productId, category: 'ranked' })),
        createdAt: '2025-06-01T00:00:00.000Z',
      });
    const orders = [
      ...Array.from({ length: 11 }, () => pair('lamp', 'chair')),
      ...Array.from({ length: 9 }, () => pair('lamp', 'rug')),
    ];
    const Records = orders.flatMap((order) =>
      streamOf([{ versions: become(order, 'Paid'), deleted: false }]),
    );
    expect(await countRecords({ Records }, counters())).toEqual({ batchItemFailures: [] });
    expect(await reader().boughtTogether('lamp', 5)).toEqual([
      { productId: 'chair', score: 11 },
      { productId: 'rug', score: 9 },
    ]);
    expect(await reader().boughtTogether('lamp', 1)).toHaveLength(1);
    expect((await reader().bestSellers('ranked', 3)).map(({ productId }) => productId)).toEqual([
      'lamp',
      'chair',
      'rug',
    ]);
    for (const order of orders.slice(0, 11)) {
      const [paid] = become(order, 'Paid').slice(1);
      await countRecords(
        {
          Records: streamOf([
            { versions: [paid!, { ...paid!, status: 'Cancelled', version: 3 }], deleted: false },
          ]),
        },
        counters(),
      );
    }
    expect(await reader().boughtTogether('lamp', 5)).toEqual([{ productId: 'rug', score: 9 }]);
  });

  it('hold nothing of the person who ordered', async () => {
    const { Items = [] } = await dynamo.client.send(
      new ScanCommand({ TableName: dynamo.table('insights'), ConsistentRead: true }),
    );
    expect(Items.length).toBeGreaterThan(10);
    expect(JSON.stringify(Items)).not.toMatch(/user-1|Main St|203\.0\.113/);
  });
});
