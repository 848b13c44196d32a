import * as z from 'zod';

/**
 * A message on its way to a person. It names the user and the order only: the address to send to is looked
 * up when it is delivered, so that none waits in a queue. `role` says for whom it is; a subscriber filters on
 * `channel`, `role` and `type`. An `mfa_code` cannot but carry its code, in `data`: the topics are encrypted
 * under our own key, and the code is worth nothing without the password and the device that asked for it.
 */
export const notificationSchema = z.strictObject({
  /** The same for every repetition, so that a deliverer can tell one. */
  notificationId: z.string(),
  topic: z.enum(['order', 'user']),
  channel: z.enum(['email', 'sms', 'push']),
  role: z.enum(['Customer', 'Manager', 'Admin']),
  type: z.enum([
    'order_confirmation',
    'order_partial',
    'order_failed',
    'order_cancelled',
    'order_refunded',
    'order_on_hold',
    'low_stock',
    'payment_alert',
    'mfa_code',
  ]),
  /** Absent when it is about no order. */
  orderId: z.string().optional(),
  /** The customer that it is about; for messages to staff too. */
  userId: z.string().optional(),
  data: z.record(z.string(), z.string()),
});
