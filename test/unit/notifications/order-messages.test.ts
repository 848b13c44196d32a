import { expect, it } from 'vitest';
import { notify } from '../../../lambdas/notification/notify.ts';
import type { Notification } from '../../../shared/notifications/notification.ts';
import { orderMessageIds } from '../../../shared/notifications/order-messages.ts';
import { type NoticedOrder, noticesOf } from '../../../shared/notifications/order-notices.ts';
import { endingCodeSchema } from '../../../shared/orders/ending.ts';
import { orderStatusSchema } from '../../../shared/orders/status.ts';
import { paymentAlertIds } from '../../../shared/payments/payment-alert.ts';
import { anOrder } from '../../support/builders/order.ts';
import { testEffects } from '../../support/effects.ts';

const orderId = 'order-1';
const userId = 'user-1';

/** All that the stream gives to know, whatever an order becomes. */
function notices(): Notification[] {
  const statuses = orderStatusSchema.options;
  const order = (status: NoticedOrder['status']): NoticedOrder => ({
    ...anOrder({ orderId, userId, status }),
    review: { decision: 'approved' },
  });
  return statuses.flatMap((before) => statuses.flatMap((after) => noticesOf(order(before), order(after))));
}

/** All that a checkout or reversal tells, however it ends. */
async function endings(): Promise<Notification[]> {
  const told: Notification[] = [];
  const once = {
    claim: async () => 'claimed' as const,
    complete: async () => undefined,
    release: async () => undefined,
  };
  const notifier = { publish: async (one: Notification) => void told.push(one) };
  const task = notify({ notifier, once, clock: testEffects().clock });
  for (const outcome of ['allocated', 'partial']) {
    await task({ orderId, userId, type: 'order_confirmation', outcome });
  }
  for (const failureCode of endingCodeSchema.options) {
    await task({ orderId, userId, type: 'order_failed', failureCode });
  }
  return told;
}

it('the list of an order’s messages has all that are told of it, and no other', async () => {
  const told = [...notices(), ...(await endings())];
  const row = (id: string, type: string, role: string) => `${id} ${type} ${role}`;
  const seen = new Set(told.map(({ notificationId, type, role }) => row(notificationId, type, String(role))));
  const listed = orderMessageIds(orderId).map(({ id, type, role }) => row(id, type, role));
  expect([...seen].sort()).toEqual(listed.toSorted());
});

it('a customer’s own are those for the customer', () => {
  const names = (role?: 'Customer') => orderMessageIds(orderId, role).map(({ name }) => name);
  expect(names().filter((name) => !names('Customer').includes(name))).toEqual(['order_on_hold']);
});

it('alerts of a payment are found by the trail and by the payment that our record knows', () => {
  const entry = (action: string) => ({
    entryId: `${orderId}-${action}-3`,
    action,
    entity: { type: 'order' as const, id: orderId },
    actor: { id: 'system', role: 'System' as const },
    at: '2026-03-01T12:00:00.000Z',
  });
  expect(paymentAlertIds(orderId, [entry('order.paid'), entry('payment.disputed_0')], 'pi_1')).toEqual([
    `${orderId}#payment.disputed_0#${orderId}-payment.disputed_0-3`,
    `${orderId}#wrong_amount#pi_1`,
    `${orderId}#refund_refused#pi_1`,
  ]);
  expect(paymentAlertIds(orderId, [], undefined)).toEqual([]);
});
