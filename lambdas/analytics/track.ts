import * as z from 'zod';
import type { AnalyticsStream } from '../../shared/analytics/event.ts';
import { orderEvent } from '../../shared/analytics/order-event.ts';
import type { Clock } from '../../shared/effects.ts';
import { moneySchema } from '../../shared/money/money.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/**
 * AnalyticsProcessor: puts the end of a checkout or a reversal on the stream, which may deliver it twice. It is told
 * when that was: out of a dead-letter queue it may be done days later. Executions that began before it was told have
 * no `at`.
 */
export function track(stream: AnalyticsStream, clock: Clock) {
  return defineTask({
    input: z.object({
      at: z.iso.datetime({ offset: true }).optional(),
      orderId: z.string(),
      userId: z.string(),
      type: z.enum(['order.paid', 'order.failed']),
      outcome: z.enum(['allocated', 'partial']).optional(),
      total: moneySchema.optional(),
      failureCode: z.string().optional(),
    }),
    output: z.null(),
    async run({ at, ...end }) {
      await stream.put(orderEvent(end, at === undefined ? clock.now() : new Date(at)));
      return null;
    },
  });
}
