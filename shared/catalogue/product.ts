import * as z from 'zod';
import { auditEntrySchema } from '../audit/audit-entry.ts';
import { currencySchema } from '../money/currency.ts';

/** The greatest price: 50 lines of 999 pieces at this price still add up below 2^53. */
export const maximumAmount = 100_000_000_000;
/** The greatest number of pieces that a product can have. */
export const maximumStock = 1_000_000_000;
export const defaultLowStockThreshold = 5;

/** A market with prices of its own, usually a country: capitals, digits and hyphens. */
export const regionSchema = z
  .string()
  .regex(/^[A-Z][A-Z0-9-]{1,15}$/, 'must be a region code in capitals, e.g. DE or US-CA');

export const priceSchema = z.strictObject({
  amount: z.int().min(0).max(maximumAmount).describe('Integer minor units of the currency'),
  currency: currencySchema,
  region: regionSchema.optional().describe('The market that this price overrides the currency’s price for'),
});
export type Price = z.infer<typeof priceSchema>;

/** One price only for each currency and region, and at least one that holds everywhere: it can be bought anywhere. */
const pricesSchema = z
  .array(priceSchema)
  .min(1)
  .max(50)
  .superRefine((prices, context) => {
    if (prices.length > 0 && prices.every(({ region }) => region !== undefined)) {
      context.addIssue({ code: 'custom', message: 'must have a price without a region' });
    }
    const seen = new Set<string>();
    prices.forEach(({ currency, region = '' }, index) => {
      const key = `${currency}#${region}`;
      if (seen.has(key)) {
        const message = 'is a second price for the same currency and region';
        context.addIssue({ code: 'custom', message, path: [index] });
      }
      seen.add(key);
    });
  });

/** What an Admin says of a product; the same rules when it is made and when it is changed. */
export const productDetails = {
  name: z.string().trim().min(1).max(200),
  description: z.string().trim().max(4000),
  category: z.string().trim().min(1).max(60),
  imageUrl: z.url({ protocol: /^https?$/ }).max(2048),
  prices: pricesSchema,
  lowStockThreshold: z.int().min(0).max(maximumStock),
};

/** The product as we keep it. `availableCount` is `stockCount` less what orders hold. */
export const storedProductSchema = z.strictObject({
  productId: z.string(),
  name: z.string(),
  description: z.string(),
  category: z.string(),
  imageUrl: z.string().optional(),
  prices: z.array(priceSchema),
  stockCount: z.int(),
  availableCount: z.int(),
  lowStockThreshold: z.int(),
  /** No longer sold or shown; kept for the orders that name it. */
  archived: z.boolean(),
  createdBy: z.string(),
  updatedBy: z.string(),
  /** The newest audit entries, newest first, bounded. */
  auditLogs: z.array(auditEntrySchema),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Rises with every edit and adjustment; holds and sales leave it alone, so that they do not void ETags. */
  version: z.int(),
});
export type Product = z.infer<typeof storedProductSchema>;
