import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { tellChanges } from '../../../lambdas/order-notices/tell-changes.ts';
import type { AnalyticsEvent } from '../../../shared/analytics/event.ts';
import type { Notification } from '../../../shared/notifications/notification.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aProduct } from '../../support/builders/product.ts';
import { testEffects } from '../../support/effects.ts';

const published: Notification[] = [];
const events: AnalyticsEvent[] = [];
const done = new Set<string>();
let failing = false;
/** Of analytics alone. */
let streamFailing = false;
const ports = {
  clock: testEffects().clock,
  notifier: {
    async publish(notification: Notification) {
      if (failing) throw new Error('no topic');
      published.push(notification);
    },
  },
  events: {
    async put(event: AnalyticsEvent) {
      if (streamFailing) throw new Error('the stream is busy');
      events.push(event);
    },
  },
  once: {
    claim: async (key: string) => (done.has(key) ? ('done' as const) : ('claimed' as const)),
    async complete(key: string) {
      done.add(key);
    },
    release: async () => undefined,
  },
};
beforeEach(() => {
  published.length = 0;
  events.length = 0;
  done.clear();
  failing = false;
  streamFailing = false;
});

let sequence = 0;
function change(before: Partial<Order> | undefined, after: Partial<Order>) {
  const image = (fields: Partial<Order>) =>
    marshall(
      { ...anOrder({ orderId: 'order-1', userId: 'user-1', ...fields }) },
      { removeUndefinedValues: true },
    );
  sequence += 1;
  return {
    eventName: 'MODIFY',
    dynamodb: {
      SequenceNumber: String(sequence),
      Keys: marshall({ pk: 'ORDER#order-1', sk: 'ORDER' }),
      ...(before ? { OldImage: image(before) } : {}),
      NewImage: image(after),
    },
  };
}
/** A product's record, as low as it is marked. */
function stock(before: { since?: string } | undefined, after: { since?: string }, availableCount = 2) {
  const image = ({ since }: { since?: string }) =>
    marshall(
      { ...aProduct({ productId: 'mug', name: 'Mug', availableCount }), lowStockSince: since },
      { removeUndefinedValues: true },
    );
  sequence += 1;
  return {
    eventName: before ? 'MODIFY' : 'INSERT',
    dynamodb: {
      SequenceNumber: String(sequence),
      Keys: marshall({ productId: 'mug' }),
      ...(before ? { OldImage: image(before) } : {}),
      NewImage: image(after),
    },
  };
}
const tell = (...Records: object[]) => tellChanges({ Records }, ports);
/** What customers were told; the staff have tests of their own. */
const toCustomers = () => published.filter(({ role }) => role === 'Customer');
const review = {
  decision: 'approved',
  reason: 'known',
  by: 'manager',
  at: '2026-03-01T12:00:00.000Z',
} as const;

describe('a customer', () => {
  it.each<[string, Partial<Order>, Partial<Order>, string]>([
    ['is held', { status: 'Pending' }, { status: 'OnHold' }, 'order_on_hold'],
    ['is approved', { status: 'OnHold', review }, { status: 'Paid', review }, 'order_approved'],
    ['is shipped', { status: 'Paid' }, { status: 'Shipped' }, 'order_shipped'],
    ['is delivered', { status: 'Shipped' }, { status: 'Delivered' }, 'order_delivered'],
  ])('is told that the order %s', async (_what, before, after, type) => {
    expect(await tell(change(before, after))).toEqual({ batchItemFailures: [] });
    expect(toCustomers()).toMatchObject([{ type, orderId: 'order-1', userId: 'user-1' }]);
  });

  it('is not told of an approval that came too late, or whose payment failed', async () => {
    await tell(
      change({ status: 'OnHold' }, { status: 'OnHold', review }),
      change({ status: 'OnHold', review }, { status: 'Failed', review }),
    );
    expect(published).toEqual([]);
  });

  it('is told nothing of an approval when the order was paid without one', async () => {
    await tell(
      change({ status: 'Pending' }, { status: 'Paid' }),
      change({ status: 'Paid', review }, { status: 'Paid', review }),
    );
    expect(published).toEqual([]);
  });

  it('is told nothing of changes that leave the order where it was', async () => {
    const rejected = { ...review, decision: 'rejected' } as const;
    await tell(
      change({ status: 'OnHold' }, { status: 'OnHold' }),
      change({ status: 'OnHold', review }, { status: 'OnHold', review }),
      change({ status: 'OnHold' }, { status: 'OnHold', review: rejected }),
      change({ status: 'Shipped' }, { status: 'Shipped' }),
    );
    expect(published).toEqual([]);
  });

  it('is told once, though the record comes twice', async () => {
    const record = change({ status: 'Paid' }, { status: 'Shipped' });
    await tell(record, record);
    await tell(record);
    expect(published).toHaveLength(1);
  });

  it('who was erased is told nothing, nor is anybody of their order', async () => {
    const personalDataErasedAt = '2026-03-01T12:00:00.000Z';
    await tell(
      change({ status: 'Paid' }, { status: 'Shipped', personalDataErasedAt }),
      change({ status: 'Pending' }, { status: 'OnHold', personalDataErasedAt }),
    );
    expect(published).toEqual([]);
  });

  it('is told by the next attempt what could not be published, and what came behind it', async () => {
    const [shipped, delivered] = [
      change({ status: 'Paid' }, { status: 'Shipped' }),
      change({ status: 'Shipped' }, { status: 'Delivered' }),
    ];
    failing = true;
    const failed = [{ itemIdentifier: shipped.dynamodb.SequenceNumber }];
    expect(await tell(shipped, delivered)).toEqual({ batchItemFailures: failed });
    failing = false;
    await tell(shipped, delivered);
    expect(published.map(({ type }) => type)).toEqual(['order_shipped', 'order_delivered']);
  });
});

describe('the staff', () => {
  const fraudReasons = [
    { code: 'country_mismatch' as const, facts: { delivery: 'US', payment: 'GB' } },
    { code: 'provider_risk' as const, facts: { provider: 'sandbox' } },
  ];
  const toStaff = () => published.filter(({ role }) => role === 'Manager');

  it('are told of an order that is held, with its total and why, which the customer is not', async () => {
    await tell(change({ status: 'Pending' }, { status: 'OnHold', fraudReasons }));
    const data = { total: '2000', currency: 'USD' };
    const explanation =
      'It is delivered to US, but the card is from GB. The payment provider (sandbox) suspects fraud.';
    expect(published).toEqual([
      {
        topic: 'order',
        type: 'order_on_hold',
        orderId: 'order-1',
        userId: 'user-1',
        notificationId: 'order-1#order_on_hold',
        role: 'Manager',
        data: { ...data, reasons: 'country_mismatch, provider_risk', explanation },
      },
      {
        topic: 'order',
        type: 'order_on_hold',
        orderId: 'order-1',
        userId: 'user-1',
        notificationId: 'order-1#order_held',
        role: 'Customer',
        data,
      },
    ]);
  });

  it('are told of a hold that has no reasons, and of none of the order’s other steps', async () => {
    await tell(
      change({ status: 'Pending' }, { status: 'OnHold' }),
      change({ status: 'OnHold' }, { status: 'OnHold', fraudReasons }),
      change({ status: 'OnHold', review }, { status: 'Paid', review }),
      change({ status: 'Paid' }, { status: 'Shipped' }),
    );
    expect(toStaff().map(({ data }) => data)).toEqual([{ total: '2000', currency: 'USD' }]);
  });

  it('are told of a hold by the next attempt when the topic was busy', async () => {
    const held = change({ status: 'Pending' }, { status: 'OnHold' });
    failing = true;
    const failed = [{ itemIdentifier: held.dynamodb.SequenceNumber }];
    expect(await tell(held)).toEqual({ batchItemFailures: failed });
    failing = false;
    await tell(held);
    await tell(held);
    expect(toStaff()).toHaveLength(1);
    expect(toCustomers()).toHaveLength(1);
  });

  it('are told once of a product that has come down to its threshold, and so is analytics', async () => {
    const since = '2026-03-01T12:00:00.000Z';
    const record = stock({}, { since });
    await tell(record);
    await tell(record);
    expect(published).toEqual([
      {
        topic: 'order',
        channel: 'email',
        role: 'Manager',
        type: 'low_stock',
        notificationId: `mug#low_stock#${since}`,
        data: { productId: 'mug', name: 'Mug', availableCount: '2', threshold: '5' },
      },
    ]);
    expect(events).toMatchObject([
      { type: 'stock.low', eventId: `mug#stock.low#${since}`, available: 2, threshold: 5 },
    ]);
  });

  it('are told of each crossing, and not of changes that leave the mark where it was or take it off', async () => {
    const [first, second] = ['2026-03-01T12:00:00.000Z', '2026-03-02T12:00:00.000Z'];
    await tell(
      stock({}, { since: first }),
      stock({ since: first }, { since: first }, 0),
      stock({ since: first }, {}, 20),
      stock({}, {}),
      stock({}, { since: second }),
    );
    expect(published.map(({ notificationId }) => notificationId)).toEqual(
      [first, second].map((since) => `mug#low_stock#${since}`),
    );
  });

  it('are told again under the same id when analytics does not take the event, and both are then done', async () => {
    const record = stock(undefined, { since: '2026-03-01T12:00:00.000Z' });
    streamFailing = true;
    expect((await tell(record)).batchItemFailures).toHaveLength(1);
    streamFailing = false;
    await tell(record);
    expect(events).toHaveLength(1);
    expect(new Set(published.map(({ notificationId }) => notificationId)).size).toBe(1);
  });
});
