import * as z from 'zod';
import type { AnalyticsStream } from '../../shared/analytics/event.ts';
import type { Clock } from '../../shared/effects.ts';
import { endingName } from '../../shared/orders/ending.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/**
 * AnalyticsProcessor: puts the checkout's end on the stream. The event's id follows from the order, so that
 * readers know a repetition; the stream itself delivers at least once anyway.
 */
export function track(stream: AnalyticsStream, clock: Clock) {
  return defineTask({
    input: z.object({
      orderId: z.string(),
      userId: z.string(),
      type: z.enum(['order.paid', 'order.failed']),
      outcome: z.string().optional(),
      failureCode: z.string().optional(),
    }),
    output: z.null(),
    async run({ orderId, userId, type: end, outcome, failureCode }) {
      const type = end === 'order.paid' ? end : `order.${endingName(failureCode)}`;
      await stream.put({
        eventId: `${orderId}#${type}`,
        version: 1,
        type,
        at: clock.now().toISOString(),
        userId,
        orderId,
        properties: { ...(outcome ? { outcome } : {}), ...(failureCode ? { failureCode } : {}) },
      });
      return null;
    },
  });
}
