import { describe, expect, test } from 'vitest';
import { changeOrderStatus } from '../../../shared/orders/change-order-status.ts';
import type { Order } from '../../../shared/orders/order.ts';
import type { PaymentRecord } from '../../../shared/payments/payment-record.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryOrders } from '../../support/memory-orders.ts';

function setUp(
  order: Order,
  { sold = [] as string[], soldAfter = -1, undo = undefined as PaymentRecord['undo'] } = {},
) {
  const orders = memoryOrders(order);
  const attempts: (string | undefined)[] = [];
  let waits = 0;
  const { orderId } = order;
  orders.payments.set(orderId, { orderId, status: 'captured', attempts: 1, ...(undo ? { undo } : {}) });
  const ports = {
    orders: orders.store,
    holds: {
      isSold: async (_orderId: string, productIds: readonly string[]) =>
        productIds.every((productId) => sold.includes(productId)),
    },
    reversals: {
      start: async (_reversal: unknown, attempt?: string) => {
        attempts.push(attempt);
      },
    },
    effects: testEffects(),
    sleep: async () => {
      waits += 1;
      if (waits === soldAfter) sold.push('mug');
    },
  };
  const user = aUser({ userId: 'admin-1', role: 'Admin' });
  const author = {
    principal: { userId: user.userId, role: user.role, user, scope: 'all' as const },
    client: { ip: '203.0.113.7', region: 'US', userAgent: 'test' },
    requestId: 'request-1',
  };
  const change = (status: 'Shipped' | 'Delivered' | 'Refunded') =>
    changeOrderStatus({ orderId, status, ...author }, ports);
  return { ...orders, attempts, change };
}

describe('a paid order', () => {
  const order = anOrder({
    status: 'Paid',
    items: [anItem({ productId: 'mug', allocated: 1 }), anItem({ productId: 'hat', allocated: 0 })],
  });

  test('is shipped once its stock is sold; a line that got nothing does not count', async () => {
    const shop = setUp(order, { sold: ['mug'] });
    expect((await shop.change('Shipped')).status).toBe('Shipped');
  });

  test('is shipped when its stock is sold a moment later', async () => {
    const shop = setUp(order, { soldAfter: 3 });
    expect((await shop.change('Shipped')).status).toBe('Shipped');
  });

  test('is not shipped while its stock is only held', async () => {
    const shop = setUp(order);
    await expect(shop.change('Shipped')).rejects.toMatchObject({ code: 'invalid_state' });
    expect(shop.byId.get(order.orderId)).toEqual(order);
  });

  test.each(['started', 'done'] as const)(
    'is not shipped once the undo of its money has %s',
    async (undo) => {
      const shop = setUp(order, { sold: ['mug'], undo });
      await expect(shop.change('Shipped')).rejects.toMatchObject({ code: 'invalid_state' });
      expect(shop.byId.get(order.orderId)).toEqual(order);
    },
  );
});

describe('a refund that is asked for again', () => {
  test('is the same reversal while the first may be under way, and a new one when that left a mark', async () => {
    const refunded = anOrder({ status: 'Refunded', reversing: 'refund' });
    const first = setUp(refunded);
    await first.change('Refunded');
    expect(first.attempts).toEqual([undefined]);
    const mark = { step: 'UndoPayment', error: 'FinalError', at: refunded.updatedAt };
    const marked = setUp({ ...refunded, repair: [mark] });
    await marked.change('Refunded');
    expect(marked.attempts).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d$/)]);
  });
});
