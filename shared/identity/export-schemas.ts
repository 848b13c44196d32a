import * as z from 'zod';
import { actorSchema, auditEntrySchema, whereSchema } from '../audit/audit-entry.ts';
import { orderViewSchema } from '../orders/order-schemas.ts';
import { userAnswer } from './user-schemas.ts';

const paymentMethodSchema = z.object({ id: z.string().optional(), brand: z.string(), last4: z.string() });

/** Everything held on a person. Provider tokens are left out: they open a payment method to who has them. */
export const exportAnswer = z.object({
  exportedAt: z.iso.datetime(),
  user: userAnswer,
  orders: z.array(
    orderViewSchema.omit({ auditLogs: true, fraudReasons: true }).extend({
      paymentMethod: paymentMethodSchema,
      placedFrom: whereSchema,
      idempotencyKey: z.string().optional(),
      cancel: z.object({ reason: z.string().optional(), at: z.iso.datetime() }).optional(),
      review: z.object({ decision: z.string(), reason: z.string(), at: z.iso.datetime() }).optional(),
    }),
  ),
  /** Orders whose checkouts wait for the profile. */
  waitingCheckouts: z.array(z.string()),
  auditEntries: z.array(
    z.object({
      ...auditEntrySchema.omit({ actor: true }).shape,
      /** Without the id where it is a member of staff's. */
      actor: z.object({ id: z.string().optional(), role: actorSchema.shape.role }),
    }),
  ),
  /** Promo codes whose uses count against the person. */
  promotionUses: z.array(z.object({ code: z.string(), orderId: z.string(), usedAt: z.iso.datetime() })),
  notifications: z.array(z.object({ orderId: z.string(), type: z.string(), state: z.string() })),
  heldElsewhere: z.array(z.object({ holder: z.string(), what: z.string(), kept: z.string() })),
});
