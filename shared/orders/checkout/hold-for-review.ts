import { appendMirrored } from '../../audit/audit-entry.ts';
import type { Notification } from '../../notifications/notifier.ts';
import { logger } from '../../observability/logger.ts';
import { type OnceStore, once } from '../../workflow/once.ts';
import type { Order } from '../order.ts';
import { withStep } from '../order-changes.ts';
import { changeOrder } from '../order-store.ts';
import type { CheckoutPorts } from './ports.ts';

type HoldPorts = Pick<CheckoutPorts, 'orders' | 'notifier' | 'checkouts' | 'effects' | 'audit'> & {
  once: OnceStore;
};

/**
 * Puts the order on hold with the token that a manager's decision answers, and tells the staff. Should a
 * former attempt's token have been answered already, or the order been cancelled, this one is answered at once.
 */
export async function holdForReview(
  { orderId, userId, taskToken }: { orderId: string; userId: string; taskToken: string },
  ports: HoldPorts,
): Promise<void> {
  const now = ports.effects.clock.now();
  const order = await changeOrder(ports.orders, orderId, (current) =>
    current.cancel ? undefined : onHold(current, taskToken, now),
  );
  const decision = order.cancel ? 'cancelled' : order.review?.decision;
  if (decision) {
    await ports.checkouts.resume(taskToken, { decision });
    return;
  }
  await appendMirrored(order, 'order.on_hold', ports.audit);
  const alert: Notification = {
    notificationId: `${orderId}#order_on_hold`,
    topic: 'order',
    channel: 'email',
    role: 'Manager',
    type: 'order_on_hold',
    orderId,
    userId,
    data: { total: String(order.pricing.total.amount), currency: order.currency },
  };
  await tellStaff(alert, ports);
}

/** The order is on hold and listed as such whether the alert goes out or not; an alert must not fail it. */
async function tellStaff(alert: Notification, ports: HoldPorts): Promise<void> {
  try {
    await once(
      ports.once,
      `NOTIFY#${alert.notificationId}`,
      () => ports.effects.clock.now(),
      () => ports.notifier.publish(alert),
    );
  } catch (error) {
    logger.error('staff were not told of a held order', { error: String(error) });
  }
}

function onHold(order: Order, reviewToken: string, now: Date): Order {
  const held = order.status === 'OnHold' ? order : withStep(order, 'OnHold', 'order.on_hold', now);
  return {
    ...held,
    reviewToken,
    flags: { ...order.flags, fraudFlag: true },
    updatedAt: now.toISOString(),
  };
}
