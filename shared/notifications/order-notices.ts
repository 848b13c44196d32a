import * as z from 'zod';
import { moneySchema } from '../money/money.ts';
import { orderStatusSchema } from '../orders/status.ts';
import { describeReason, type FraudReason, fraudReasonSchema } from '../payments/fraud-reason.ts';
import type { Notification } from './notification.ts';
import { orderMessageId } from './order-messages.ts';

/** What an order must tell for its customer and the staff to be told. */
export const noticedOrderSchema = z.object({
  orderId: z.string(),
  userId: z.string(),
  status: orderStatusSchema,
  pricing: z.object({ total: moneySchema }),
  review: z.object({ decision: z.string() }).optional(),
  /** Of the payment's check, why it is held. An order held by a former version may have none. */
  fraudReasons: z.array(fraudReasonSchema).optional(),
  personalDataErasedAt: z.string().optional(),
});
export type NoticedOrder = z.infer<typeof noticedOrderSchema>;

/**
 * What is told of a change of an order that no checkout tells: held, to the staff who review it and to the customer;
 * approved, shipped and delivered, to the customer. Read off what was written, so whoever writes it cannot forget to
 * tell, nor die between the two.
 */
export function noticesOf(before: NoticedOrder | undefined, after: NoticedOrder): Notification[] {
  const { orderId, userId, status, review, personalDataErasedAt } = after;
  if (personalDataErasedAt !== undefined) return [];
  const about = { topic: 'order', role: 'Customer', orderId, userId, data: {} } as const;
  const notices: Notification[] = [];
  const hasBecome = (wanted: NoticedOrder['status']) => status === wanted && before?.status !== wanted;
  if (hasBecome('OnHold')) notices.push(...noticesOfHold(after));
  // The decision alone is not enough: a checkout that has stopped waiting for it lets the order fail all the same.
  if (hasBecome('Paid') && before?.status === 'OnHold' && review?.decision === 'approved') {
    const notificationId = orderMessageId(orderId, 'order_approved');
    notices.push({ ...about, notificationId, type: 'order_approved' });
  }
  if (hasBecome('Shipped')) {
    const notificationId = orderMessageId(orderId, 'order_shipped');
    notices.push({ ...about, notificationId, type: 'order_shipped' });
  }
  if (hasBecome('Delivered')) {
    const notificationId = orderMessageId(orderId, 'order_delivered');
    notices.push({ ...about, notificationId, type: 'order_delivered' });
  }
  return notices;
}

/** The staff first: the order waits for them. Why it waits is for them alone. */
function noticesOfHold({ orderId, userId, pricing, fraudReasons = [] }: NoticedOrder): Notification[] {
  const { amount, currency } = pricing.total;
  const about = { topic: 'order', type: 'order_on_hold', orderId, userId } as const;
  const data = { total: String(amount), currency };
  return [
    {
      ...about,
      notificationId: orderMessageId(orderId, 'order_on_hold'),
      role: 'Manager',
      data: { ...data, ...(fraudReasons.length > 0 ? explained(fraudReasons) : {}) },
    },
    { ...about, notificationId: orderMessageId(orderId, 'order_held'), role: 'Customer', data },
  ];
}

function explained(reasons: readonly FraudReason[]) {
  return {
    reasons: reasons.map(({ code }) => code).join(', '),
    explanation: reasons.map(describeReason).join(' '),
  };
}
