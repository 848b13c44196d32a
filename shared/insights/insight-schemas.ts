import * as z from 'zod';
import { productSchema } from '../catalogue/product-routes.ts';
import { currencySchema } from '../money/currency.ts';
import { moneySchema } from '../money/money.ts';
import { orderStatusSchema } from '../orders/status.ts';

export const groupingSchema = z.enum(['day', 'status', 'product', 'currency']);

/** One group in one currency. Which of day, status and product it has is what was grouped by. */
export const reportRowSchema = z.object({
  day: z.iso.date().optional().describe('UTC day of placing'),
  status: orderStatusSchema.optional().describe('As the orders are now'),
  productId: z.string().optional(),
  name: z.string().optional().describe('As in the order counted last'),
  currency: currencySchema,
  orders: z.int().describe('Orders placed, whatever became of them'),
  units: z.int().describe('Pieces in them'),
  amount: moneySchema.describe('Their totals after discounts; of a product, its share of them'),
  paidOrders: z.int().describe('Those of them that are paid and not given back: Paid, Shipped, Delivered'),
  paidUnits: z.int(),
  revenue: moneySchema,
});
export const reportSchema = z.object({ rows: z.array(reportRowSchema) });

export const recommendationsSchema = z.object({
  items: z.array(
    z.object({
      product: productSchema,
      reason: z
        .enum(['bought_together', 'best_seller', 'promotion'])
        .describe('promotion: one piece reaches the minimum of one of the promotions listed'),
    }),
  ),
  promotions: z.array(
    z.object({
      code: z.string(),
      kind: z.enum(['percent', 'fixed']),
      value: z.int(),
      currency: currencySchema.optional(),
      minimum: moneySchema.optional(),
      endsAt: z.iso.datetime().optional(),
    }),
  ),
});
export type Recommendations = z.input<typeof recommendationsSchema>;
