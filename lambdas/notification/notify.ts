import * as z from 'zod';
import { moneySchema } from '../../shared/money/money.ts';
import type { Notification } from '../../shared/notifications/notification.ts';
import { type OrderMessage, orderMessageId } from '../../shared/notifications/order-messages.ts';
import { type PublishPorts, publishOnce } from '../../shared/notifications/publish-once.ts';
import { endingCodeSchema } from '../../shared/orders/ending.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

const inputSchema = z.object({
  orderId: z.string(),
  userId: z.string(),
  type: z.enum(['order_confirmation', 'order_failed']),
  outcome: z.string().optional(),
  failureCode: endingCodeSchema.optional(),
  /** What was paid. A checkout that began under a former definition does not send it. */
  total: moneySchema.optional(),
});

/** SendNotification: tells the customer how the checkout ended, once for each order and message. */
export function notify(ports: PublishPorts) {
  return defineTask({
    input: inputSchema,
    output: z.null(),
    async run(input) {
      await publishOnce(messageOf(input), ports);
      return null;
    },
  });
}

function messageOf(input: z.infer<typeof inputSchema>): Notification {
  const { orderId, userId } = input;
  const about = { topic: 'order', role: 'Customer', orderId, userId } as const;
  const idOf = (message: OrderMessage) => ({ notificationId: orderMessageId(orderId, message) });
  if (input.type === 'order_confirmation') {
    const type = input.outcome === 'partial' ? 'order_partial' : 'order_confirmation';
    const { total } = input;
    const data = total ? { total: String(total.amount), currency: total.currency } : {};
    return { ...idOf(type), ...about, type, data };
  }
  const { failureCode = 'internal' } = input;
  if (failureCode === 'cancelled') {
    return { ...idOf('order_cancelled'), ...about, type: 'order_cancelled', data: { failureCode } };
  }
  if (failureCode === 'refunded') {
    return { ...idOf('order_refunded'), ...about, type: 'order_refunded', data: { failureCode } };
  }
  return { ...idOf('order_failed'), ...about, type: 'order_failed', data: { failureCode } };
}
