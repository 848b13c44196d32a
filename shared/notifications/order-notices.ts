import * as z from 'zod';
import { moneySchema } from '../money/money.ts';
import { orderStatusSchema } from '../orders/status.ts';
import type { Notification } from './notification.ts';

/** What an order must tell for its customer to be told. */
export const noticedOrderSchema = z.object({
  orderId: z.string(),
  userId: z.string(),
  status: orderStatusSchema,
  pricing: z.object({ total: moneySchema }),
  review: z.object({ decision: z.string() }).optional(),
  personalDataErasedAt: z.string().optional(),
});
export type NoticedOrder = z.infer<typeof noticedOrderSchema>;

/**
 * What the customer is told of a change of their order that no checkout tells: held, approved, shipped, delivered.
 * Read off what was written, so whoever writes it cannot forget to tell, nor die between the two.
 */
export function noticesOf(before: NoticedOrder | undefined, after: NoticedOrder): Notification[] {
  const { orderId, userId, status, pricing } = after;
  if (after.personalDataErasedAt !== undefined) return [];
  const about = { topic: 'order', role: 'Customer', orderId, userId } as const;
  const notices: Notification[] = [];
  const hasBecome = (wanted: NoticedOrder['status']) => status === wanted && before?.status !== wanted;
  if (hasBecome('OnHold')) {
    const { amount, currency } = pricing.total;
    notices.push({
      ...about,
      // The staff's alert of the same type has the name without the ending.
      notificationId: `${orderId}#order_held`,
      type: 'order_on_hold',
      data: { total: String(amount), currency },
    });
  }
  // The decision alone is not enough: a checkout that has stopped waiting for it lets the order fail all the same.
  if (hasBecome('Paid') && before?.status === 'OnHold' && after.review?.decision === 'approved') {
    notices.push({
      ...about,
      notificationId: `${orderId}#order_approved`,
      type: 'order_approved',
      data: {},
    });
  }
  if (hasBecome('Shipped')) {
    notices.push({ ...about, notificationId: `${orderId}#order_shipped`, type: 'order_shipped', data: {} });
  }
  if (hasBecome('Delivered')) {
    notices.push({
      ...about,
      notificationId: `${orderId}#order_delivered`,
      type: 'order_delivered',
      data: {},
    });
  }
  return notices;
}
