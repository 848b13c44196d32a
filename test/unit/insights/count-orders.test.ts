import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { countRecords } from '../../../lambdas/insights/count-records.ts';
import { countersOf, difference } from '../../../shared/insights/counters.ts';
import { orderFacts } from '../../../shared/insights/sales-facts.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { memoryCounters } from '../../support/memory-counters.ts';
import { histories, type StreamRecord, streamOf, truthOf } from '../../support/order-histories.ts';

/** Hands records over like Lambda does: from the first failure on, they come again. */
async function deliver(records: readonly StreamRecord[], store: Parameters<typeof countRecords>[1]) {
  let open = [...records];
  for (let attempt = 0; open.length > 0 && attempt < 50; attempt += 1) {
    const { batchItemFailures } = await countRecords({ Records: open }, store);
    const failed = new Set(batchItemFailures.map((failure) => failure.itemIdentifier));
    const first = open.findIndex((record) => failed.has(record.dynamodb.SequenceNumber));
    open = first === -1 ? [] : open.slice(first);
  }
  expect(open).toEqual([]);
}

/** Some of the records again, all in any order, in batches of any size. */
const deliveries = histories.chain((lives) => {
  const records = streamOf(lives);
  return fc.record({
    lives: fc.constant(lives),
    records: fc
      .array(fc.constantFrom(...records), { maxLength: records.length })
      .chain((again) =>
        fc.shuffledSubarray([...records, ...again], { minLength: records.length + again.length }),
      ),
    batch: fc.integer({ min: 1, max: 20 }),
  });
});

describe('counting orders from the stream', () => {
  it('comes to what the orders themselves say, however often and in whatever order records arrive', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, async ({ lives, records, batch }) => {
        const { store, counts } = memoryCounters();
        for (let start = 0; start < records.length; start += batch) {
          await deliver(records.slice(start, start + batch), store);
        }
        expect(counts()).toEqual(truthOf(lives));
      }),
      { numRuns: 300 },
    );
  });

  it('comes to the same when transactions are refused and consumers run side by side', async () => {
    await fc.assert(
      fc.asyncProperty(deliveries, fc.integer({ min: 1, max: 1000 }), async ({ lives, records }, seed) => {
        let state = seed;
        const isBusy = () => {
          state = (state * 48_271) % 2_147_483_647;
          return state % 3 === 0;
        };
        const { store, counts } = memoryCounters({ isBusy });
        const half = Math.ceil(records.length / 2);
        await Promise.all([deliver(records.slice(0, half), store), deliver(records.slice(half), store)]);
        expect(counts()).toEqual(truthOf(lives));
      }),
      { numRuns: 200 },
    );
  });

  it('moves an order between counters as it is paid, shipped and refunded', async () => {
    const paid = anOrder({ status: 'Paid', version: 2 });
    const { store, counts } = memoryCounters();
    const lives = (...versions: ReturnType<typeof anOrder>[]) => streamOf([{ versions, deleted: false }]);
    await deliver(lives(anOrder(), paid), store);
    expect(counts()).toMatchObject({
      '["sales","2026-03","2026-03-01#Paid#USD"]': { orders: 1, units: 2, amount: 2000 },
      '["product","2026-03","2026-03-01#USD#mug"]': { orders: 1, paidOrders: 1, revenue: 2000 },
      '["bought","ALL","mug"]': { score: 1 },
    });
    await deliver(lives(paid, { ...paid, status: 'Shipped', version: 3 }), store);
    await deliver(
      lives({ ...paid, status: 'Shipped', version: 3 }, { ...paid, status: 'Refunded', version: 4 }),
      store,
    );
    expect(counts()).toEqual({
      '["product","2026-03","2026-03-01#USD#mug"]': { orders: 1, units: 2, amount: 2000 },
      '["sales","2026-03","2026-03-01#Refunded#USD"]': { orders: 1, units: 2, amount: 2000 },
    });
  });

  it('asks the store nothing about a save that changes nothing that counts', async () => {
    const order = anOrder();
    const [, second] = streamOf([{ versions: [order, { ...order, version: 2 }], deleted: false }]);
    const store = {
      findApplied: async () => new Map(),
      apply: () => Promise.reject(new Error('not to be called')),
    };
    expect(await countRecords({ Records: [second] }, store)).toEqual({ batchItemFailures: [] });
  });

  it('passes over payments and waiting checkouts, which lie in the same table', async () => {
    const { store, counts } = memoryCounters();
    const Keys = { pk: { S: 'ORDER#1' }, sk: { S: 'PAYMENT' } };
    const record = { eventName: 'INSERT', dynamodb: { SequenceNumber: '1', Keys, NewImage: Keys } };
    expect(await countRecords({ Records: [record] }, store)).toEqual({ batchItemFailures: [] });
    expect(counts()).toEqual({});
  });

  it('names a record that it cannot read and counts the others of the batch', async () => {
    const { store, counts } = memoryCounters();
    const good = streamOf([{ versions: [anOrder()], deleted: false }]);
    const Keys = { pk: { S: 'ORDER#1' }, sk: { S: 'ORDER' } };
    const bad = { eventName: 'INSERT', dynamodb: { SequenceNumber: '99', Keys, NewImage: Keys } };
    const answer = await countRecords({ Records: [bad, ...good] }, store);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '99' }] });
    expect(Object.keys(counts())).toHaveLength(2);
  });

  it('tells of each order that it could not read or count, by its id and with the cause', async () => {
    const error = vi.spyOn(logger, 'error').mockReturnValue(undefined);
    vi.spyOn(logger, 'warn').mockReturnValue(undefined);
    const { store } = memoryCounters({ isBusy: () => true });
    const [good] = streamOf([{ versions: [anOrder()], deleted: false }]);
    const unread = '01KJMH4G00RDER000000000009';
    const Keys = { pk: { S: `ORDER#${unread}` }, sk: { S: 'ORDER' } };
    const bad = { eventName: 'INSERT', dynamodb: { SequenceNumber: '99', Keys, NewImage: Keys } };
    await countRecords({ Records: [bad, good] }, store);
    expect(error.mock.calls).toEqual([
      [
        'stream record not understood',
        expect.objectContaining({ orderId: unread, sequenceNumber: '99', error: expect.any(Error) }),
      ],
      [
        'order not counted',
        { orderId: anOrder().orderId, error: expect.objectContaining({ message: 'busy' }) },
      ],
    ]);
    vi.restoreAllMocks();
  });

  it('fits any order into one transaction of 100 actions', () => {
    for (let lines = 1; lines <= 50; lines += 1) {
      const items = Array.from({ length: lines }, (_, index) =>
        anItem({ productId: `p${index}`, category: `c${index}` }),
      );
      const { facts } = orderFacts(anOrder({ items }));
      const moves = difference(facts, { ...facts, status: 'Paid' });
      expect(moves.length + 1, `${lines} lines`).toBeLessThanOrEqual(100);
    }
  });

  it('shares a discount among the products so that they add up to the order', () => {
    fc.assert(
      fc.property(histories, (lives) => {
        for (const order of lives.flatMap((life) => life.versions)) {
          const [sales, ...others] = countersOf(orderFacts(order).facts);
          const products = others.filter((counter) => counter.family === 'product');
          const sum = products.reduce((all, { add }) => all + (add.amount ?? 0), 0);
          expect(sum).toBe(sales?.add.amount);
        }
      }),
    );
  });
});
