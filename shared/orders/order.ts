import * as z from 'zod';
import { auditEntrySchema, whereSchema } from '../audit/audit-entry.ts';
import { addressSchema } from '../identity/user.ts';
import { rateTableSchema } from '../money/exchange.ts';
import { moneySchema } from '../money/money.ts';
import { fraudReasonSchema } from '../payments/fraud-reason.ts';
import { fraudFactsSchema } from '../payments/fraud-rules.ts';
import { promotionTermsSchema } from '../promotions/promotion.ts';
import { orderStatusSchema } from './status.ts';

export const itemStatusSchema = z.enum(['pending', 'allocated', 'partial', 'unfulfilled']);

/** A line with name and price as they were when the order was placed. */
export const orderItemSchema = z.strictObject({
  productId: z.string(),
  name: z.string(),
  /** For finding alternatives when the line is out of stock. */
  category: z.string(),
  quantity: z.int(),
  unitPrice: moneySchema,
  /** The set price that the unit price was converted from, by the order's `exchange`. */
  convertedFrom: moneySchema.optional(),
  /** How many pieces are held or sold for the order. */
  allocated: z.int(),
  status: itemStatusSchema,
});
export type OrderItem = z.infer<typeof orderItemSchema>;

export const pricingSchema = z.strictObject({
  subtotal: moneySchema,
  discount: moneySchema,
  total: moneySchema,
});
export type Pricing = z.infer<typeof pricingSchema>;

export const failureCodes = [
  'out_of_stock',
  'payment_declined',
  'payment_unavailable',
  'payment_blocked',
  'profile_timeout',
  'review_rejected',
  'review_timeout',
  'promo_invalid',
  'internal',
] as const;
export const failureCodeSchema = z.enum(failureCodes);
export type FailureCode = z.infer<typeof failureCodeSchema>;

export const paymentInfoSchema = z.strictObject({
  provider: z.string(),
  paymentId: z.string().optional(),
  brand: z.string().optional(),
  last4: z.string().optional(),
  attempts: z.int(),
  refunded: moneySchema.optional(),
  /** The cardholder has disputed the payment with the bank. */
  disputed: z.boolean().optional(),
});

export const reviewSchema = z.strictObject({
  decision: z.enum(['approved', 'rejected']),
  reason: z.string(),
  by: z.string(),
  at: z.iso.datetime(),
});

/** A wish to end the order before shipment. The checkout, or a reversal of a paid order, carries it out. */
export const cancellationSchema = z.strictObject({
  by: z.string(),
  reason: z.string().optional(),
  at: z.iso.datetime(),
});

/** What an undo could not finish and somebody has to; docs/operations.md says how. */
export const repairMarkSchema = z.strictObject({
  step: z.string(),
  error: z.string(),
  at: z.iso.datetime(),
});

/** The order as we keep it. */
export const orderSchema = z.strictObject({
  orderId: z.string(),
  userId: z.string(),
  status: orderStatusSchema,
  items: z.array(orderItemSchema),
  pricing: pricingSchema,
  currency: z.string(),
  /** The rates that prices were converted by, and since when they were in effect. */
  exchange: rateTableSchema.optional(),
  allowPartial: z.boolean(),
  promotion: promotionTermsSchema.optional(),
  /** The payment provider's id of the customer, where there was one when the order was placed. */
  providerCustomerId: z.string().optional(),
  /** Absent while the customer has none: the checkout then waits for the profile. */
  address: addressSchema.optional(),
  paymentMethod: z.strictObject({
    /** Only of a method that the profile has saved. */
    id: z.string().optional(),
    token: z.string(),
    brand: z.string(),
    last4: z.string(),
  }),
  paymentInfo: paymentInfoSchema,
  flags: z.strictObject({
    partialFulfillment: z.boolean(),
    fraudFlag: z.boolean(),
    lowStock: z.array(z.string()),
  }),
  /** What the fraud rules look at, beside the order itself and the provider's answer. */
  fraudFacts: fraudFactsSchema.optional(),
  /** Why the order was flagged. For the staff alone. */
  fraudReasons: z.array(fraudReasonSchema).optional(),
  /** Set once ValidateOrder has decided; a repetition answers the same. */
  allocation: z.enum(['allocated', 'partial', 'out_of_stock']).optional(),
  failure: z
    .strictObject({
      code: failureCodeSchema,
      message: z.string(),
      alternativeIds: z.array(z.string()).optional(),
    })
    .optional(),
  review: reviewSchema.optional(),
  /** Answers the checkout that waits for a review. */
  reviewToken: z.string().optional(),
  /** Those that it had before, newest first: the last to be written is not always the one that waits. */
  otherReviewTokens: z.array(z.string()).optional(),
  cancel: cancellationSchema.optional(),
  /** There while a cancellation or refund is being carried out; the reconciler looks for what stays so. */
  reversing: z.enum(['cancel', 'refund']).optional(),
  repair: z.array(repairMarkSchema).optional(),
  timeline: z.array(z.strictObject({ status: orderStatusSchema, at: z.iso.datetime(), by: z.string() })),
  /** The newest audit entries, newest first, bounded. */
  auditLogs: z.array(auditEntrySchema),
  placedFrom: whereSchema,
  /** The client's key, so that an erasure finds the stored answer, which quotes the address. */
  idempotencyKey: z.string().optional(),
  /** Set when the customer's account was erased: the order has no personal data any more. */
  personalDataErasedAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type Order = z.infer<typeof orderSchema>;

/** The tokens of all attempts at the order's review, of which at most one still waits. */
export function reviewTokensOf({ reviewToken, otherReviewTokens = [] }: Order): readonly string[] {
  return reviewToken === undefined ? otherReviewTokens : [reviewToken, ...otherReviewTokens];
}
