import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { orderToItem } from '../../shared/adapters/dynamodb/order-item.ts';
import { type Counter, counterKey, countersOf, sumCounters } from '../../shared/insights/counters.ts';
import { orderFacts } from '../../shared/insights/sales-facts.ts';
import type { Order } from '../../shared/orders/order.ts';
import { type OrderStatus, transitions } from '../../shared/orders/status.ts';
import { anItem, anOrder } from './builders/order.ts';

/** An order from its first version to its last, and whether it was deleted then. */
export interface History {
  readonly versions: readonly Order[];
  readonly deleted: boolean;
}

export interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: {
    readonly SequenceNumber: string;
    readonly Keys: object;
    readonly OldImage?: object;
    readonly NewImage?: object;
  };
}

const catalogue = ['mug', 'bowl', 'lamp', 'chair', 'rug'].map((productId, index) => ({
  productId,
  name: `The ${productId}`,
  category: index < 2 ? 'kitchen' : 'home',
}));

const lines = fc
  .uniqueArray(fc.constantFrom(...catalogue), { minLength: 1, maxLength: 4, selector: (p) => p.productId })
  .chain((products) =>
    fc.tuple(
      ...products.map((product) =>
        fc
          .record({ quantity: fc.integer({ min: 1, max: 9 }), amount: fc.integer({ min: 0, max: 5000 }) })
          .map(({ quantity, amount }) => ({ ...product, quantity, amount })),
      ),
    ),
  );

/** Lives of orders along the transition table, with saves that change nothing that counts in between. */
export const histories = fc
  .array(
    fc.record({
      lines,
      currency: fc.constantFrom('USD', 'EUR'),
      day: fc.constantFrom('2026-02-28', '2026-03-01', '2026-03-02'),
      discountPercent: fc.integer({ min: 0, max: 100 }),
      steps: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }),
      isPartial: fc.boolean(),
      isDeleted: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((seeds) => seeds.map((seed, index) => history(seed, index)));

interface Seed {
  readonly lines: readonly {
    productId: string;
    name: string;
    category: string;
    quantity: number;
    amount: number;
  }[];
  readonly currency: string;
  readonly day: string;
  readonly discountPercent: number;
  readonly steps: readonly number[];
  readonly isPartial: boolean;
  readonly isDeleted: boolean;
}

function history(seed: Seed, index: number): History {
  const orderId = `01KJMH4G00RDER${String(index).padStart(12, '0')}`;
  const { currency, discountPercent } = seed;
  const items = seed.lines.map(({ amount, ...line }) => anItem({ ...line, unitPrice: { amount, currency } }));
  const pricing = (units: (item: Order['items'][number]) => number) => {
    const subtotal = items.reduce((sum, item) => sum + item.unitPrice.amount * units(item), 0);
    const discount = Math.floor((subtotal * discountPercent) / 100);
    const money = (amount: number) => ({ amount, currency });
    return { subtotal: money(subtotal), discount: money(discount), total: money(subtotal - discount) };
  };
  const createdAt = `${seed.day}T10:00:00.000Z`;
  let order = anOrder({ orderId, items, currency, createdAt, pricing: pricing((item) => item.quantity) });
  const versions = [order];
  const next = (changed: Partial<Order>) => {
    order = { ...order, ...changed, version: order.version + 1 };
    versions.push(order);
  };
  if (seed.isPartial) {
    const allocated = items.map((item) => ({ ...item, allocated: Math.ceil(item.quantity / 2) }));
    next({
      items: allocated,
      pricing: pricing((item) => Math.ceil(item.quantity / 2)),
      flags: { ...order.flags, partialFulfillment: true },
    });
  }
  for (const step of seed.steps) {
    const wishes: readonly OrderStatus[] = transitions[order.status];
    const status = wishes[step % (wishes.length + 1)];
    next(status ? { status } : { updatedAt: '2026-03-03T00:00:00.000Z' });
  }
  return { versions, deleted: seed.isDeleted && (order.status === 'Failed' || order.status === 'Cancelled') };
}

/** The records of the Orders table's stream for these lives, each order's in sequence. */
export function streamOf(lives: readonly History[]): StreamRecord[] {
  let sequence = 0;
  const image = (order: Order) => marshall(orderToItem(order), { removeUndefinedValues: true });
  return lives.flatMap(({ versions, deleted }) => {
    const records = versions.map((order, index): StreamRecord => {
      const before = versions[index - 1];
      return record(before ? 'MODIFY' : 'INSERT', before && image(before), image(order));
    });
    const last = versions.at(-1);
    return deleted && last ? [...records, record('REMOVE', image(last), undefined)] : records;
  });

  function record(
    eventName: StreamRecord['eventName'],
    OldImage: Record<string, object> | undefined,
    NewImage: Record<string, object> | undefined,
  ): StreamRecord {
    sequence += 1;
    const { pk, sk } = NewImage ?? OldImage ?? {};
    return {
      eventName,
      dynamodb: {
        SequenceNumber: String(sequence).padStart(21, '0'),
        Keys: { pk, sk },
        ...(OldImage ? { OldImage } : {}),
        ...(NewImage ? { NewImage } : {}),
      },
    };
  }
}

/** The truth: what the orders as they are now count for. */
export function truthOf(lives: readonly History[]): Record<string, Counter['add']> {
  const counters = lives.flatMap(({ versions, deleted }) => {
    const last = versions.at(-1);
    return last && !deleted ? countersOf(orderFacts(last).facts) : [];
  });
  return byKey(sumCounters(counters));
}

/** Counters as one object, so that two sets can be compared. */
export function byKey(counters: readonly Counter[]): Record<string, Counter['add']> {
  return Object.fromEntries(
    counters
      .map((counter) => [counterKey(counter), counter.add] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
