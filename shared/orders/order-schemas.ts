import * as z from 'zod';
import { auditEntrySchema } from '../audit/audit-entry.ts';
import { productSchema } from '../catalogue/product-routes.ts';
import { looksLikeCardNumber } from '../identity/payment-token.ts';
import { addressSchema } from '../identity/user.ts';
import { currencySchema } from '../money/currency.ts';
import { rateTableSchema } from '../money/exchange.ts';
import { moneySchema } from '../money/money.ts';
import { fraudReasonSchema } from '../payments/fraud-reason.ts';
import { failureCodeSchema, itemStatusSchema, paymentInfoSchema } from './order.ts';
import { orderStatusSchema } from './status.ts';

/** Limits of spec.md, "Bad input". */
const maximumLines = 50;
const maximumQuantity = 999;

const lineSchema = z.strictObject({
  productId: z.string().min(1).max(200),
  quantity: z.int().min(1).max(maximumQuantity),
});

export const linesSchema = z
  .array(lineSchema)
  .min(1)
  .max(maximumLines)
  .superRefine((lines, context) => {
    const seen = new Set<string>();
    lines.forEach(({ productId }, index) => {
      if (seen.has(productId)) {
        const message = 'is listed before; add the quantities up instead';
        context.addIssue({ code: 'custom', message, path: [index, 'productId'] });
      }
      seen.add(productId);
    });
  });

const promoCode = z.string().trim().min(1).max(40).optional();
const addressLabel = z.string().trim().min(1).max(40).optional();
const methodName = z
  .string()
  .trim()
  .min(1)
  .max(255)
  .refine((text) => !looksLikeCardNumber(text), 'looks like a card number; send the provider’s token for it');

export const checkBodySchema = z.strictObject({
  items: linesSchema,
  promoCode,
  currency: currencySchema.optional(),
  addressLabel,
});

export const orderBodySchema = z.strictObject({
  items: linesSchema,
  /** Left out it is answered `payment_method_required`: no saved card is charged without being named. */
  paymentMethod: z
    .union([z.strictObject({ token: methodName }), z.strictObject({ id: methodName })])
    .optional()
    .describe('Required: a provider token, or the id of a saved payment method'),
  addressLabel,
  promoCode,
  currency: currencySchema.optional(),
  allowPartial: z.boolean().optional(),
});
export type OrderBody = z.infer<typeof orderBodySchema>;

/** Quick checkout: address and payment method come from the profile. */
export const quickBodySchema = z
  .strictObject({
    items: linesSchema.optional(),
    reorderOf: z.string().min(1).max(80).optional().describe('A past order of one’s own, instead of items'),
  })
  .superRefine(({ items, reorderOf }, context) => {
    if (items && reorderOf !== undefined) {
      context.addIssue({ code: 'custom', message: 'comes instead of items', path: ['reorderOf'] });
    } else if (!items && reorderOf === undefined) {
      context.addIssue({ code: 'custom', message: 'is required, or reorderOf instead', path: ['items'] });
    }
  });
export type QuickBody = z.infer<typeof quickBodySchema>;

export const pricingViewSchema = z.object({
  subtotal: moneySchema,
  discount: moneySchema,
  total: moneySchema,
});

/** The contract's Order. `auditLogs` and `fraudReasons` are for staff. */
export const orderViewSchema = z.object({
  orderId: z.string(),
  userId: z.string(),
  status: orderStatusSchema,
  items: z.array(
    z.object({
      productId: z.string(),
      name: z.string(),
      quantity: z.int(),
      unitPrice: moneySchema,
      convertedFrom: moneySchema.optional().describe('The set price, where the unit price is converted'),
      allocated: z.int(),
      status: itemStatusSchema,
    }),
  ),
  pricing: pricingViewSchema,
  currency: z.string(),
  exchange: rateTableSchema.optional().describe('The rates that prices were converted by, where any was'),
  promoCode: z.string().optional(),
  address: addressSchema.optional().describe('Absent while the checkout waits for the profile'),
  paymentInfo: paymentInfoSchema,
  flags: z.object({
    partialFulfillment: z.boolean(),
    fraudFlag: z.boolean(),
    lowStock: z.array(z.string()),
  }),
  failure: z
    .object({
      code: failureCodeSchema,
      message: z.string(),
      alternatives: z.array(productSchema).optional(),
    })
    .optional(),
  timeline: z.array(z.object({ status: orderStatusSchema, at: z.iso.datetime(), by: z.string() })),
  fraudReasons: z
    .array(fraudReasonSchema)
    .optional()
    .describe('For staff only: why the order was flagged, where it was'),
  auditLogs: z.array(auditEntrySchema).optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  version: z.int(),
});
export type OrderView = z.input<typeof orderViewSchema>;

export const checkViewSchema = z.object({
  ready: z.boolean(),
  profile: z.object({
    isProfileComplete: z.boolean(),
    missing: z.array(z.string()),
    prompt: z.boolean().describe('Ask for what is missing now: it is, and was not asked for before'),
  }),
  lines: z.array(
    z.object({
      productId: z.string(),
      requested: z.int(),
      available: z.int().describe('How many of the requested pieces could be had now'),
      status: z.enum(['available', 'partial', 'out_of_stock']),
      lowStock: z.boolean(),
      unitPrice: moneySchema,
      alternatives: z.array(productSchema),
    }),
  ),
  pricing: pricingViewSchema,
  promo: z.object({ code: z.string(), valid: z.boolean(), reason: z.string().optional() }).optional(),
  preferredPaymentMethod: z.string().optional(),
  defaultAddress: addressSchema.optional(),
});

export const checkoutRunSchema = z.object({
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT']),
  states: z.array(
    z.object({
      name: z.string(),
      enteredAt: z.iso.datetime(),
      exitedAt: z.iso.datetime().optional(),
      attempts: z.int(),
      outcome: z.enum(['running', 'succeeded', 'failed', 'caught', 'timed_out']),
    }),
  ),
});
export type CheckoutRunView = z.input<typeof checkoutRunSchema>;
