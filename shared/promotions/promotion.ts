import * as z from 'zod';
import { type Money, money, moneySchema, percentOf } from '../money/money.ts';

/** What a promo code takes off; kept on the order so that its price can be worked out again. */
export const promotionTermsSchema = z.strictObject({
  code: z.string(),
  kind: z.enum(['percent', 'fixed']),
  /** 1..100 for percent, minor units of `currency` for fixed. */
  value: z.int(),
  currency: z.string().optional(),
  minimum: moneySchema.optional(),
});
export type PromotionTerms = z.infer<typeof promotionTermsSchema>;

export const promotionSchema = promotionTermsSchema.extend({
  startsAt: z.iso.datetime().optional(),
  endsAt: z.iso.datetime().optional(),
  firstOrderOnly: z.boolean().optional(),
});
export type Promotion = z.infer<typeof promotionSchema>;

export interface PromotionReader {
  find(code: string): Promise<Promotion | undefined>;
}

export type PromotionRefusal =
  | 'unknown'
  | 'not_started'
  | 'ended'
  | 'other_currency'
  | 'below_minimum'
  | 'first_order_only';

/** Why the code cannot be used on this subtotal now; undefined when it can. */
export function refusal(
  promotion: Promotion | undefined,
  context: { subtotal: Money; paidOrders: number; now: Date },
): PromotionRefusal | undefined {
  if (!promotion) return 'unknown';
  const { subtotal, paidOrders, now } = context;
  if (promotion.startsAt && now < new Date(promotion.startsAt)) return 'not_started';
  if (promotion.endsAt && now >= new Date(promotion.endsAt)) return 'ended';
  if (promotion.firstOrderOnly && paidOrders > 0) return 'first_order_only';
  if (promotion.currency && promotion.currency !== subtotal.currency) return 'other_currency';
  return meetsMinimum(promotion, subtotal) ? undefined : 'below_minimum';
}

function meetsMinimum({ minimum }: PromotionTerms, subtotal: Money): boolean {
  return !minimum || (minimum.currency === subtotal.currency && subtotal.amount >= minimum.amount);
}

/** What the terms take off a subtotal: never more than the subtotal, nothing once it is below the minimum. */
export function discountOf(terms: PromotionTerms | undefined, subtotal: Money): Money {
  if (!terms || !meetsMinimum(terms, subtotal)) {
    return money(0, subtotal.currency);
  }
  return terms.kind === 'percent'
    ? percentOf(subtotal, terms.value)
    : money(Math.min(terms.value, subtotal.amount), subtotal.currency);
}

export function termsOf({ code, kind, value, currency, minimum }: Promotion): PromotionTerms {
  return {
    code,
    kind,
    value,
    ...(currency === undefined ? {} : { currency }),
    ...(minimum === undefined ? {} : { minimum }),
  };
}
