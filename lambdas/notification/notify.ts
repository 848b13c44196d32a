import * as z from 'zod';
import type { Clock } from '../../shared/effects.ts';
import type { Notification, Notifier } from '../../shared/notifications/notifier.ts';
import { endingName } from '../../shared/orders/ending.ts';
import { type OnceStore, once } from '../../shared/workflow/once.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

function messageOf(type: 'order_confirmation' | 'order_failed', outcome?: string, failureCode?: string) {
  if (type === 'order_failed') return `order_${endingName(failureCode)}` as const;
  return outcome === 'partial' ? 'order_partial' : type;
}

/** SendNotification: tells the customer how the checkout ended, once for each order and message. */
export function notify(notifier: Notifier, onceStore: OnceStore, clock: Clock) {
  return defineTask({
    input: z.object({
      orderId: z.string(),
      userId: z.string(),
      type: z.enum(['order_confirmation', 'order_failed']),
      outcome: z.string().optional(),
      failureCode: z.string().optional(),
    }),
    output: z.null(),
    async run({ orderId, userId, type, outcome, failureCode }) {
      const messageType = messageOf(type, outcome, failureCode);
      const notification: Notification = {
        notificationId: `${orderId}#${messageType}`,
        topic: 'order',
        channel: 'email',
        role: 'Customer',
        type: messageType,
        orderId,
        userId,
        data: failureCode ? { failureCode } : {},
      };
      await once(
        onceStore,
        `NOTIFY#${notification.notificationId}`,
        () => clock.now(),
        () => notifier.publish(notification),
      );
      return null;
    },
  });
}
