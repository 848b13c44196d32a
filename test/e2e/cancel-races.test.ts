import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let buyers: Customer[];

beforeAll(async () => {
  // Tasks of different length, so that cancellations fall on every step.
  const failures = async () => {
    await sleep(Math.random() * 120);
    return undefined;
  };
  shop = await openShop({ prewarm: true, failures });
  buyers = await Promise.all(Array.from({ length: 4 }, () => shop.newCustomer()));
});
afterAll(() => shop?.stop());

const allEnded = () =>
  eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined, 90);

/** A product's ledger, and what orders hold or have bought of it. */
async function stockRows(productId: string) {
  const rows = (await shop.rows('INVENTORY_TABLE')).filter((row) => row.pk === `PRODUCT#${productId}`);
  const pieces = (state: string) =>
    rows.filter((row) => row.state === state).reduce((sum, row) => sum + Number(row.quantity), 0);
  return {
    held: pieces('HELD'),
    sold: pieces('SOLD'),
    ledger: rows.reduce((sum, row) => sum + Number(row.delta ?? 0), 0),
  };
}

async function payments(): Promise<Map<string, Record<string, unknown>>> {
  const records = (await shop.rows('ORDERS_TABLE')).filter((row) => row.sk === 'PAYMENT');
  return new Map(records.map((row) => [String(row.orderId), row]));
}

describe('cancellations at random moments of 40 checkouts', () => {
  test('leave every order paid or cancelled, wholly', { timeout: 180_000 }, async () => {
    const stockCount = 1000;
    const left = await shop.newProduct({ stockCount });
    const right = await shop.newProduct({ stockCount });
    const crossed = [
      [...items(left, 2), ...items(right)],
      [...items(right), ...items(left, 2)],
    ];
    const total = { amount: 3000, currency: 'USD' };
    const attempts = Array.from({ length: 40 }, async (_, index) => {
      const buyer = buyers[index % buyers.length] as Customer;
      const flagged = index % 8 === 7;
      const method = flagged ? 'pm_card_riskLevelElevated' : 'pm_card_visa';
      const placed = await shop.place(buyer, { items: crossed[index % 2], paymentMethod: { token: method } });
      expect(placed.status).toBe(202);
      const { orderId } = placed.json;
      // Some at once and some when the money is taken for certain, the rest at any moment.
      if (index % 8 === 2) await shop.inStatus(orderId, 'Paid');
      else if (index % 8 !== 1) await sleep(Math.random() * (index % 4 === 3 ? 6_000 : 2_500));
      const { token } = index % 2 ? buyer : { token: shop.admin };
      const answer = await shop.call('POST', `/order/${orderId}/cancel`, { token, body: {} });
      if (flagged && answer.status !== 202)
        throw new Error(`An order on hold was not cancelled: ${answer.text}`);
      // Half of the customers press the button twice; a fifth of the orders is never cancelled.
      if (index % 2) await shop.call('POST', `/order/${orderId}/cancel`, { token, body: {} });
      return { orderId: String(orderId), flagged, status: answer.status };
    });
    const keeping = Array.from({ length: 10 }, async (_, index) => {
      const placed = await shop.place(buyers[index % 4] as Customer, { items: crossed[index % 2] });
      return { orderId: String(placed.json.orderId), flagged: false, status: 0 };
    });
    const all = await Promise.all([...attempts, ...keeping]);
    await allEnded();

    const records = await payments();
    let paid = 0;
    for (const { orderId, status } of all) {
      const order = await shop.order(orderId);
      expect(['Paid', 'Cancelled']).toContain(order.status);
      expect(order.status === 'Cancelled', orderId).toBe(status === 202);
      const record = records.get(orderId);
      if (order.status === 'Paid') {
        paid += 1;
        expect(record).toMatchObject({ state: 'captured' });
        expect(record?.undo).toBeUndefined();
      } else {
        expect(record?.undo).toBe('done');
        const charged = record?.state === 'captured' ? total : undefined;
        expect(record?.refunded).toEqual(charged);
        expect(order.paymentInfo.refunded).toEqual(charged);
        expect(order.auditLogs.map((entry: { action: string }) => entry.action)).toContain('order.cancelled');
      }
    }
    for (const [productId, each] of [
      [left, 2],
      [right, 1],
    ] as const) {
      const sold = paid * each;
      expect(await stockRows(productId)).toEqual({ held: 0, sold, ledger: stockCount - sold });
      const count = stockCount - sold;
      expect(await shop.stockOf(productId)).toEqual({ stockCount: count, availableCount: count });
    }
    const users = await Promise.all(buyers.map(({ token }) => shop.call('GET', '/user/me', { token })));
    expect(users.reduce((sum, user) => sum + user.json.orderCount, 0)).toBe(paid);
    const marked = (await shop.rows('ORDERS_TABLE')).filter((row) => row.repair !== undefined);
    expect(marked).toEqual([]);
    const failed = shop.runtime.executions().filter((run) => run.status !== 'SUCCEEDED');
    expect(failed.map((run) => run.name)).toEqual([]);
    const moments = [...records.values()].map((record) => `${record.state ?? 'none'}/${record.undo ?? '-'}`);
    const cancelled = moments.filter((moment) => moment.endsWith('/done'));
    expect(cancelled, 'charged').toContain('captured/done');
    expect(new Set(cancelled).size, 'uncharged ones too').toBeGreaterThan(1);
    const counts = [...Map.groupBy(moments, (moment) => moment)].map(
      ([name, { length }]) => `${name} ${length}`,
    );
    console.log('payments at the end:', counts.sort().join(', '));
  });
});

describe('approve, reject and cancel at the same moment', () => {
  test('let one win, and the order ends as that one said', { timeout: 120_000 }, async () => {
    const productId = await shop.newProduct({ stockCount: 100 });
    const rounds = Array.from({ length: 12 }, async (_, index) => {
      const buyer = buyers[index % buyers.length] as Customer;
      const placed = await shop.place(buyer, {
        items: items(productId),
        paymentMethod: { token: 'pm_card_riskLevelElevated' },
      });
      const { orderId } = placed.json;
      await shop.inStatus(orderId, 'OnHold');
      const post = (route: string, token: string) =>
        shop.call('POST', `/order/${orderId}/${route}`, { token, body: { reason: 'race' } });
      const wishes = [
        () => post('approve', shop.manager),
        () => post('reject', shop.admin),
        () => post('cancel', buyer.token),
      ];
      const turned = [...wishes.slice(index % 3), ...wishes.slice(0, index % 3)];
      const answers = await Promise.all(turned.map((wish) => wish()));
      const [approve, reject, cancel] = [0, 1, 2].map(
        (wish) => answers[(wish - (index % 3) + 3) % 3]?.status,
      );
      return { orderId: String(orderId), approve, reject, cancel };
    });
    const decided = await Promise.all(rounds);
    await allEnded();
    for (const { orderId, approve, reject, cancel } of decided) {
      const { status, failure } = await shop.order(orderId);
      expect([approve, reject].filter((answer) => answer === 202).length).toBeLessThanOrEqual(1);
      if (cancel === 202) expect(status).toBe('Cancelled');
      else if (approve === 202) expect(status).toBe('Paid');
      else expect([status, failure?.code]).toEqual(['Failed', 'review_rejected']);
    }
    expect((await stockRows(productId)).held).toBe(0);
    const outcomes = decided.map(({ approve, reject, cancel }) => `${approve}/${reject}/${cancel}`);
    console.log('approve/reject/cancel:', outcomes.join(' '));
  });
});
