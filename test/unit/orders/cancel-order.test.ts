import { describe, expect, test } from 'vitest';
import { cancelOrder } from '../../../shared/orders/cancel-order.ts';
import { closeRefund, endOrder, markPaid } from '../../../shared/orders/checkout/settle-order.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { OrderStateError } from '../../../shared/orders/order-changes.ts';
import type { Reversal } from '../../../shared/orders/reversal-runs.ts';
import type { OrderStatus } from '../../../shared/orders/status.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryCatalogue, memoryCheckouts, memoryOrders } from '../../support/memory-orders.ts';

function setUp(order: Order) {
  const orders = memoryOrders(order);
  const checkouts = memoryCheckouts();
  const reversals: Reversal[] = [];
  const effects = testEffects();
  const ports = {
    orders: orders.store,
    checkouts: checkouts.runs,
    reversals: {
      start: async (reversal: Reversal) => {
        reversals.push(reversal);
      },
    },
    effects,
    products: memoryCatalogue(),
  };
  const user = aUser({ userId: order.userId, role: 'Customer' });
  const request = {
    orderId: order.orderId,
    reason: 'too slow',
    principal: { userId: user.userId, role: user.role, user, scope: 'own' as const },
    client: { ip: '203.0.113.7', region: 'US', userAgent: 'test' },
    requestId: 'request-1',
  };
  return { ...orders, checkouts, reversals, ports, cancel: () => cancelOrder(request, ports) };
}

test('a cancellation is told in the same write: nothing can end the order between the two', async () => {
  const shop = setUp(anOrder());
  shop.checkouts.runs.start = async () => {
    throw new Error('the process dies here');
  };
  await expect(shop.cancel()).rejects.toThrow();
  expect(shop.audit.map(({ action }) => action)).toEqual(['order.cancel_requested']);
});

describe('a cancellation is handed to', () => {
  test('the checkout of a pending order, started if it never was', async () => {
    const shop = setUp(anOrder());
    await shop.cancel();
    expect(shop.checkouts.started).toEqual([anOrder().orderId]);
    expect(shop.reversals).toEqual([]);
  });

  test('the checkout that waits for the profile', async () => {
    const order = anOrder({ status: 'AwaitingProfile' });
    const shop = setUp(order);
    shop.waiting.set(`${order.userId}#${order.orderId}`, ['token-1']);
    await shop.cancel();
    expect(shop.checkouts.resumed).toEqual([{ token: 'token-1', result: {} }]);
  });

  test('the checkout that waits for a review', async () => {
    const shop = setUp(anOrder({ status: 'OnHold', reviewToken: 'token-2' }));
    await shop.cancel();
    expect(shop.checkouts.resumed).toEqual([{ token: 'token-2', result: { decision: 'cancelled' } }]);
  });

  test('every attempt at the pause, as it cannot be known which of them waits', async () => {
    const tokens = { reviewToken: 'token-1', otherReviewTokens: ['token-2'] };
    const shop = setUp(anOrder({ status: 'OnHold', ...tokens }));
    await shop.cancel();
    expect(shop.checkouts.resumed.map(({ token }) => token)).toEqual(['token-1', 'token-2']);
  });

  test('a reversal of a paid order', async () => {
    const shop = setUp(anOrder({ status: 'Paid' }));
    await shop.cancel();
    expect(shop.reversals).toMatchObject([{ kind: 'cancel', productIds: ['mug'] }]);
  });

  test.each<OrderStatus>(['Shipped', 'Delivered', 'Failed', 'Cancelled', 'Refunded'])(
    'nobody once the order is %s',
    async (status) => {
      const shop = setUp(anOrder({ status }));
      await expect(shop.cancel()).rejects.toMatchObject({ code: 'invalid_state' });
      expect([...shop.byId.values()]).toMatchObject([{ version: 1 }]);
    },
  );
});

describe('a cancellation that is asked for', () => {
  const wished = { by: 'user-1', at: '2026-03-01T12:00:00.000Z' };

  test('twice is written once, with one entry', async () => {
    const shop = setUp(anOrder({ status: 'Paid' }));
    await shop.cancel();
    const again = await shop.cancel();
    expect(again.auditLogs.filter(({ action }) => action === 'order.cancel_requested')).toHaveLength(1);
    expect(again.version).toBe(2);
    expect(shop.reversals).toHaveLength(2);
  });

  test('keeps an order from becoming paid', async () => {
    const shop = setUp(anOrder({ cancel: wished }));
    expect(await markPaid(anOrder().orderId, shop.ports)).toBe('cancelled');
    expect(shop.counted).toEqual([]);
  });

  test('leaves a paid order to the reversal', async () => {
    const shop = setUp(anOrder({ status: 'Paid', cancel: wished }));
    expect(await markPaid(anOrder().orderId, shop.ports)).toBe('paid');
  });

  test('ends a paid order Cancelled, with refund and count taken back', async () => {
    const order = anOrder({ status: 'Paid', cancel: wished, reversing: 'cancel' });
    const shop = setUp(order);
    const refunded = order.pricing.total;
    shop.payments.set(order.orderId, {
      orderId: order.orderId,
      status: 'captured',
      attempts: 1,
      undo: 'done',
      refunded,
    });
    const ending = await endOrder(order.orderId, { code: 'cancelled', system: false }, shop.ports);
    expect(ending).toEqual({ code: 'cancelled', system: false });
    const ended = shop.byId.get(order.orderId);
    expect(ended).toMatchObject({ status: 'Cancelled', paymentInfo: { refunded } });
    expect(ended?.reversing).toBeUndefined();
    expect(ended?.failure).toBeUndefined();
    expect(shop.counted).toEqual([{ userId: 'user-1', delta: -1 }]);
    await endOrder(order.orderId, { code: 'cancelled', system: false }, shop.ports);
    expect(shop.counted).toHaveLength(1);
  });

  test('stays marked as under way until its money is back, which a repetition writes', async () => {
    const order = anOrder({ status: 'Paid', cancel: wished, reversing: 'cancel' });
    const shop = setUp(order);
    const payment = { orderId: order.orderId, status: 'captured', attempts: 1 } as const;
    const refunded = order.pricing.total;
    const end = () => endOrder(order.orderId, { code: 'cancelled', system: false }, shop.ports);
    const now = () => shop.byId.get(order.orderId);
    for (const undo of [undefined, 'started'] as const) {
      shop.payments.set(order.orderId, { ...payment, ...(undo ? { undo } : {}) });
      expect(await end()).toEqual({ code: 'cancelled', system: false });
      expect(now()).toMatchObject({ status: 'Cancelled', reversing: 'cancel', version: 2 });
      expect(now()?.paymentInfo.refunded).toBeUndefined();
    }
    shop.payments.set(order.orderId, { ...payment, undo: 'done', refunded });
    for (const _again of [1, 2]) {
      expect(await end()).toEqual({ code: 'cancelled', system: false });
      expect(now()).toMatchObject({ status: 'Cancelled', paymentInfo: { refunded }, version: 3 });
      expect(now()?.reversing).toBeUndefined();
    }
    expect(shop.counted).toEqual([{ userId: 'user-1', delta: -1 }]);
  });

  test('by nobody ends an order Failed, as a fault of ours', async () => {
    const order = anOrder({ status: 'Paid' });
    const shop = setUp(order);
    const ending = await endOrder(order.orderId, { code: 'cancelled', system: false }, shop.ports);
    expect(ending).toEqual({ code: 'internal', system: true });
    expect(shop.byId.get(order.orderId)).toMatchObject({ status: 'Failed', failure: { code: 'internal' } });
  });
});

describe('a refund', () => {
  const order = anOrder({ status: 'Refunded', reversing: 'refund' });
  const payment = { orderId: order.orderId, status: 'captured', attempts: 1 } as const;

  test('is not closed before the money is back, and can then be', async () => {
    const shop = setUp(order);
    const refunded = order.pricing.total;
    for (const undo of [undefined, 'started'] as const) {
      shop.payments.set(order.orderId, { ...payment, ...(undo ? { undo } : {}) });
      await expect(closeRefund(order.orderId, shop.ports)).rejects.toThrow(OrderStateError);
      expect(shop.byId.get(order.orderId)).toEqual(order);
    }
    shop.payments.set(order.orderId, { ...payment, undo: 'done', refunded });
    for (const _again of [1, 2]) await closeRefund(order.orderId, shop.ports);
    const closed = shop.byId.get(order.orderId);
    expect(closed).toMatchObject({ paymentInfo: { refunded }, version: 2 });
    expect(closed?.auditLogs.filter(({ action }) => action === 'order.refunded')).toHaveLength(1);
    expect(closed?.reversing).toBeUndefined();
  });
});
