import { marshall } from '@aws-sdk/util-dynamodb';
import { beforeEach, describe, expect, it } from 'vitest';
import { tellCustomers } from '../../../lambdas/order-notices/tell-customers.ts';
import type { Notification } from '../../../shared/notifications/notification.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { anOrder } from '../../support/builders/order.ts';
import { testEffects } from '../../support/effects.ts';

const published: Notification[] = [];
const done = new Set<string>();
let failing = false;
const ports = {
  clock: testEffects().clock,
  notifier: {
    async publish(notification: Notification) {
      if (failing) throw new Error('no topic');
      published.push(notification);
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
  done.clear();
  failing = false;
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
const tell = (...Records: object[]) => tellCustomers({ Records }, ports);
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
    expect(published).toMatchObject([{ type, role: 'Customer', orderId: 'order-1', userId: 'user-1' }]);
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

  it('who was erased is told nothing', async () => {
    const at = '2026-03-01T12:00:00.000Z';
    await tell(change({ status: 'Paid' }, { status: 'Shipped', personalDataErasedAt: at }));
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
