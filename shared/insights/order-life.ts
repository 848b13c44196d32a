import * as z from 'zod';
import { moneySchema } from '../money/money.ts';
import { failureCodeSchema } from '../orders/order.ts';
import { type OrderStatus, orderStatusSchema } from '../orders/status.ts';

/** The part of a stored order that metrics are made of. */
export const orderLifeSchema = z.object({
  orderId: z.string(),
  status: orderStatusSchema,
  timeline: z.array(z.object({ status: orderStatusSchema, at: z.iso.datetime() })),
  items: z.array(z.object({ quantity: z.int(), allocated: z.int(), unitPrice: moneySchema })),
  pricing: z.object({ total: moneySchema }),
  paymentInfo: z.object({ attempts: z.int(), refunded: moneySchema.optional() }),
  flags: z.object({ partialFulfillment: z.boolean() }),
  failure: z.object({ code: failureCodeSchema }).optional(),
  repair: z.array(z.object({ step: z.string() })).optional(),
});
export type OrderLife = z.infer<typeof orderLifeSchema>;

const repairPrefix = 'Repair#';

/** What happens to an order once in its life: a status reached, an undo given up. */
export type Milestone = OrderStatus | `${typeof repairPrefix}${string}`;

/**
 * All that an order has been through. Only ever grows from one version to the next, so whoever missed versions in
 * between still learns of everything.
 */
export function milestonesOf({ timeline, repair = [] }: OrderLife): Milestone[] {
  const reached = [
    ...timeline.map(({ status }) => status),
    ...repair.map(({ step }) => `${repairPrefix}${step}` as const),
  ];
  return [...new Set(reached)];
}

/** The undo that was given up, of such a milestone. */
export function repairStep(milestone: string): string | undefined {
  return milestone.startsWith(repairPrefix) ? milestone.slice(repairPrefix.length) : undefined;
}
