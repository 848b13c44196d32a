import type { AudienceRole, NotificationType } from './notification.ts';

/**
 * What is told about an order once at the most: its customer's own messages and the staff's. The name ends the
 * message's id; held, the order is told of to both, so there the names differ and the type does not. Alerts of what
 * happened to a payment may come several times, and have ids of their own (payments/payment-alert.ts).
 */
export const orderMessages = {
  order_confirmation: { type: 'order_confirmation', role: 'Customer' },
  order_partial: { type: 'order_partial', role: 'Customer' },
  order_failed: { type: 'order_failed', role: 'Customer' },
  order_cancelled: { type: 'order_cancelled', role: 'Customer' },
  order_refunded: { type: 'order_refunded', role: 'Customer' },
  order_held: { type: 'order_on_hold', role: 'Customer' },
  order_approved: { type: 'order_approved', role: 'Customer' },
  order_shipped: { type: 'order_shipped', role: 'Customer' },
  order_delivered: { type: 'order_delivered', role: 'Customer' },
  order_on_hold: { type: 'order_on_hold', role: 'Manager' },
} as const satisfies Readonly<Record<string, { type: NotificationType; role: AudienceRole }>>;

export type OrderMessage = keyof typeof orderMessages;

/** Under which a message about an order is published, delivered and found again. */
export const orderMessageId = (orderId: string, message: OrderMessage): string => `${orderId}#${message}`;

const names = Object.keys(orderMessages).filter((name): name is OrderMessage => name in orderMessages);

/** Ids of all that may have been told about an order, with whom each is for; or of what is for one role alone. */
export function orderMessageIds(orderId: string, only?: AudienceRole) {
  return names
    .map((name) => ({ name, id: orderMessageId(orderId, name), ...orderMessages[name] }))
    .filter(({ role }) => only === undefined || role === only);
}
