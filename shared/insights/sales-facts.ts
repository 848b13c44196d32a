import * as z from 'zod';
import { orderStatusSchema } from '../orders/status.ts';
import { spread } from './spread.ts';

const minorUnits = z.int().min(0);

/** The part of a stored order that counts. Whatever else an order has may change without us. */
const orderImageSchema = z.object({
  orderId: z.string(),
  status: orderStatusSchema,
  items: z.array(
    z.object({
      productId: z.string(),
      name: z.string(),
      category: z.string(),
      quantity: z.int(),
      unitPrice: z.object({ amount: minorUnits }),
      allocated: z.int(),
    }),
  ),
  pricing: z.object({ total: z.object({ amount: minorUnits, currency: z.string() }) }),
  flags: z.object({ partialFulfillment: z.boolean() }),
  createdAt: z.iso.datetime(),
  version: z.int(),
});

/** What is counted of an order: enough to take the very same counts back later. Nothing of a person. */
export const salesFactsSchema = z.strictObject({
  /** UTC day of placing. */
  day: z.string(),
  status: orderStatusSchema,
  currency: z.string(),
  amount: minorUnits,
  lines: z.array(
    z.strictObject({
      productId: z.string(),
      name: z.string(),
      category: z.string(),
      units: z.int(),
      /** The line's share of the order's total, so that lines add up to it whatever was discounted. */
      amount: minorUnits,
    }),
  ),
});
export type SalesFacts = z.infer<typeof salesFactsSchema>;

export interface OrderFacts {
  readonly orderId: string;
  readonly version: number;
  readonly facts: SalesFacts;
}

/** Reads an order as the stream shows it. Throws ZodError when it is none. */
export function orderFacts(image: unknown): OrderFacts {
  const order = orderImageSchema.parse(image);
  const units = order.items.map((item) => (order.flags.partialFulfillment ? item.allocated : item.quantity));
  const { amount, currency } = order.pricing.total;
  const shares = spread(
    amount,
    order.items.map((item, index) => item.unitPrice.amount * (units[index] ?? 0)),
  );
  return {
    orderId: order.orderId,
    version: order.version,
    facts: {
      day: order.createdAt.slice(0, 10),
      status: order.status,
      currency,
      amount,
      lines: order.items.map(({ productId, name, category }, index) => ({
        productId,
        name,
        category,
        units: units[index] ?? 0,
        amount: shares[index] ?? 0,
      })),
    },
  };
}
