import * as z from 'zod';
import { type AuditTrail, systemActor } from '../../shared/audit/audit-entry.ts';
import { endingName } from '../../shared/orders/ending.ts';
import { OrderMissingError, type OrderStore } from '../../shared/orders/order-store.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/**
 * AuditLogger: appends to the trail what the order's own item mirrors already, with where and from which
 * device the order came. The entry's id and time are the mirrored ones, so that a repetition is one entry.
 * With the end go all former steps of the workflow: one that died between saving its step on the order and
 * appending it is not always repeated, as the order may have gone on meanwhile.
 */
export function record(orders: Pick<OrderStore, 'find'>, trail: AuditTrail) {
  return defineTask({
    input: z.object({
      orderId: z.string(),
      action: z.enum(['order.paid', 'order.failed']),
      failureCode: z.string().optional(),
    }),
    output: z.null(),
    async run({ orderId, action: end, failureCode }) {
      const action = end === 'order.paid' ? end : `order.${endingName(failureCode)}`;
      const order = await orders.find(orderId);
      const entries = (order?.auditLogs ?? []).filter(({ actor }) => actor.role === systemActor.role);
      if (!entries.some((entry) => entry.action === action)) {
        throw new OrderMissingError(`Order ${orderId} mirrors no entry ${action}`);
      }
      for (const entry of entries.reverse()) await trail.append(entry);
      return null;
    },
  });
}
