import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRecords } from '../../../lambdas/insights/count-records.ts';
import { orderToItem } from '../../../shared/adapters/dynamodb/order-item.ts';
import type { MeasuredEvent } from '../../../shared/observability/metrics.ts';
import type { Order } from '../../../shared/orders/order.ts';
import type { OrderStatus } from '../../../shared/orders/status.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { memoryCounters } from '../../support/memory-counters.ts';

const minute = (n: number) => new Date(Date.UTC(2026, 2, 1, 12, n)).toISOString();

/** An order that has gone through these statuses, a minute each. */
function through(statuses: readonly OrderStatus[], more: Partial<Order> = {}): Order {
  const timeline = statuses.map((status, index) => ({ status, at: minute(index), by: 'system' }));
  const status = statuses.at(-1) ?? 'Pending';
  return anOrder({ status, timeline, version: statuses.length, ...more });
}

let sequence = 0;
function record(order: Order, before?: Order) {
  sequence += 1;
  const image = (one: Order) => marshall(orderToItem(one), { removeUndefinedValues: true });
  return {
    eventName: before ? 'MODIFY' : 'INSERT',
    dynamodb: {
      SequenceNumber: String(sequence),
      Keys: marshall({ pk: `ORDER#${order.orderId}`, sk: 'ORDER' }),
      NewImage: image(order),
      ...(before ? { OldImage: image(before) } : {}),
    },
  };
}

function measuring() {
  const { store, marks } = memoryCounters();
  const events: MeasuredEvent[] = [];
  const see = (...Records: ReturnType<typeof record>[]) =>
    countRecords({ Records }, store, (event) => events.push(event));
  /** Metrics by name, a value for each time they were published; by their dimension where they have one. */
  const values = () => {
    const all: Record<string, number[]> = {};
    for (const { measurements, by } of events) {
      for (const { name, value } of measurements) {
        const key = by ? `${name} ${Object.values(by).join()}` : name;
        all[key] = [...(all[key] ?? []), value];
      }
    }
    return all;
  };
  return { see, events, values, marks };
}

const payment = { provider: 'sandbox', attempts: 1 };

/** Versions of a paid order by what has been given back of its 20.00 until then. */
function givenBack(...amounts: readonly number[]): Order[] {
  const paid = through(['Pending', 'Paid'], { paymentInfo: payment });
  return amounts.map((amount, index) => {
    const refunded = amount > 0 ? { refunded: { amount, currency: 'USD' } } : {};
    return { ...paid, version: 2 + index, paymentInfo: { ...payment, ...refunded } };
  });
}

describe('an order', () => {
  it('that is paid counts once by currency, with amount, time and payment', async () => {
    const { see, values, events } = measuring();
    const placed = through(['Pending']);
    const paid = through(['Pending', 'Paid'], { paymentInfo: payment });
    await see(record(placed));
    expect(values()).toEqual({ OrdersPlaced: [1] });
    await see(record(paid, placed));
    expect(values()).toEqual({
      OrdersPlaced: [1],
      'OrdersPaid USD': [1],
      'AmountPaid USD': [2000],
      SecondsToPaid: [60],
      PaymentAttempts: [1],
      PaymentFailure: [0],
    });
    for (const { about } of events) expect(about).toEqual({ orderId: placed.orderId });
  });

  it('that waited for a person counts as held, and its time is no measure of us', async () => {
    const { see, values } = measuring();
    await see(record(through(['Pending', 'OnHold', 'Paid'], { paymentInfo: payment })));
    expect(values()).toMatchObject({ OrdersPlaced: [1], OrdersHeld: [1], 'OrdersPaid USD': [1] });
    expect(values()).not.toHaveProperty('SecondsToPaid');
  });

  it('that fails counts by reason, and as a failed payment only when it was the payment', async () => {
    const failed = (code: 'payment_declined' | 'profile_timeout') =>
      through(['Pending', 'Failed'], { paymentInfo: payment, failure: { code, message: '' } });
    const declined = measuring();
    await declined.see(record(failed('payment_declined')));
    expect(declined.values()).toEqual({
      OrdersPlaced: [1],
      'OrdersFailed payment_declined': [1],
      PaymentAttempts: [1],
      PaymentFailure: [1],
    });
    const late = measuring();
    await late.see(record(failed('profile_timeout')));
    expect(late.values()).toEqual({ OrdersPlaced: [1], 'OrdersFailed profile_timeout': [1] });
  });

  it('for which there was no stock, or not enough, counts what was lost', async () => {
    const items = [anItem({ quantity: 3, allocated: 0, status: 'unfulfilled' })];
    const none = measuring();
    const failure = { code: 'out_of_stock' as const, message: '' };
    await none.see(record(through(['Pending', 'Failed'], { items, failure })));
    expect(none.values()).toMatchObject({ UnitsLostToStock: [3], 'AmountLostToStock USD': [3000] });
    const part = measuring();
    const some = [anItem({ quantity: 3, allocated: 2, status: 'partial' })];
    const flags = { partialFulfillment: true, fraudFlag: false, lowStock: [] };
    await part.see(record(through(['Pending', 'Paid'], { items: some, flags, paymentInfo: payment })));
    expect(part.values()).toMatchObject({ UnitsLostToStock: [1], 'AmountLostToStock USD': [1000] });
  });

  it('that is taken back counts when it is, and its money when that is back', async () => {
    const { see, values } = measuring();
    const cancelled = through(['Pending', 'Paid', 'Cancelled'], { paymentInfo: payment });
    const refunded = { amount: 2000, currency: 'USD' };
    const back = { ...cancelled, paymentInfo: { ...payment, refunded }, version: 4 };
    await see(record(cancelled), record(back, cancelled));
    expect(values()).toMatchObject({ OrdersCancelled: [1], 'AmountRefunded USD': [2000] });
  });

  it('that gets its money back in parts, one of which does not arrive, counts what it got in all', async () => {
    const { see, values } = measuring();
    const [paid, ...later] = givenBack(0, 500, 2000, 500, 1200);
    await see(record(paid ?? through(['Paid'])));
    for (const [index, order] of later.entries())
      await see(record(order, index === 0 ? paid : later[index - 1]));
    expect(values()).toMatchObject({ 'AmountRefunded USD': [500, 1500, -1500, 700] });
  });

  it('counted before amounts were kept counts only what it gets back from then on', async () => {
    const former = { version: 1, milestones: ['Pending', 'Paid'] };
    const [then = through([]), now = then] = givenBack(500, 800);
    for (const mark of [{ version: 1 }, { version: 1, milestones: [...former.milestones, 'MoneyBack'] }]) {
      const { see, values, marks } = measuring();
      marks.set(then.orderId, mark);
      await see(record(then));
      await see(record(now, then));
      expect(values(), JSON.stringify(mark)).toEqual({ 'AmountRefunded USD': [300] });
    }
    const { see, values, marks } = measuring();
    marks.set(then.orderId, former);
    await see(record(now, then));
    expect(values()).toEqual({ 'AmountRefunded USD': [800] });
  });

  it('whose undo was given up counts by the step', async () => {
    const { see, values } = measuring();
    const order = through(['Pending', 'Failed'], { failure: { code: 'internal', message: '' } });
    const repair = [{ step: 'UndoPayment', error: 'no answer', at: minute(3) }];
    await see(record(order));
    await see(record({ ...order, repair, version: 3 }, order));
    expect(values()).toMatchObject({ 'RepairsNeeded UndoPayment': [1], 'OrdersFailed internal': [1] });
  });
});

describe('what is measured', () => {
  const life: OrderStatus[] = ['Pending', 'OnHold', 'Paid', 'Shipped', 'Delivered', 'Refunded'];
  const versions = life.map((_, index) => through(life.slice(0, index + 1), { paymentInfo: payment }));
  const records = versions.map((order, index) => record(order, versions[index - 1]));
  const all = {
    OrdersPlaced: [1],
    OrdersHeld: [1],
    'OrdersPaid USD': [1],
    'AmountPaid USD': [2000],
    PaymentAttempts: [1],
    PaymentFailure: [0],
    OrdersShipped: [1],
    OrdersDelivered: [1],
    OrdersRefunded: [1],
  };

  it('is measured once, however often and in whatever order records come', async () => {
    const deliveries = fc
      .array(fc.constantFrom(...records), { maxLength: 12 })
      .chain((again) =>
        fc.shuffledSubarray([...records, ...again], { minLength: records.length + again.length }),
      );
    await fc.assert(
      fc.asyncProperty(deliveries, fc.integer({ min: 1, max: 6 }), async (delivered, batch) => {
        const { see, values } = measuring();
        for (let start = 0; start < delivered.length; start += batch) {
          await see(...delivered.slice(start, start + batch));
        }
        expect(values()).toEqual(all);
      }),
      { numRuns: 200 },
    );
  });

  it('of money given back adds up to what was given back, however often and in whatever order records come', async () => {
    const deliveries = fc
      .array(
        fc.integer({ min: 0, max: 4 }).map((parts) => parts * 500),
        { minLength: 1, maxLength: 6 },
      )
      .chain((amounts) => {
        const seen = givenBack(0, ...amounts);
        const all = seen.map((order, index) => record(order, seen[index - 1]));
        return fc.record({
          owed: fc.constant(amounts.at(-1) ?? 0),
          delivered: fc
            .array(fc.constantFrom(...all), { maxLength: 8 })
            .chain((again) =>
              fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }),
            ),
          batch: fc.integer({ min: 1, max: 4 }),
        });
      });
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ owed, delivered, batch }) => {
        const { see, values } = measuring();
        for (let start = 0; start < delivered.length; start += batch) {
          await see(...delivered.slice(start, start + batch));
        }
        const published = values()['AmountRefunded USD'] ?? [];
        expect(published.reduce((sum, value) => sum + value, 0)).toBe(owed);
      }),
      { numRuns: 200 },
    );
  });

  it('is not measured when it could not be noted, nor lost when it can be later', async () => {
    let busy = true;
    const { store } = memoryCounters({ isBusy: () => busy });
    const events: MeasuredEvent[] = [];
    const see = () => countRecords({ Records: records.slice(0, 1) }, store, (event) => events.push(event));
    expect((await see()).batchItemFailures).toHaveLength(1);
    expect(events).toEqual([]);
    busy = false;
    expect((await see()).batchItemFailures).toEqual([]);
    expect(events).toHaveLength(1);
  });

  it('has no person and no order among its dimensions', async () => {
    const { see, events } = measuring();
    await see(...records);
    const allowed = ['currency', 'reason', 'step'];
    for (const { by = {} } of events) for (const name of Object.keys(by)) expect(allowed).toContain(name);
  });
});
