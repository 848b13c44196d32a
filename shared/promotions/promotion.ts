import * as z from 'zod';
import { storedRoleSchema } from '../identity/roles.ts';
import type { User } from '../identity/user.ts';
import { type Money, money, moneySchema, percentOf } from '../money/money.ts';
import { inSegment, segmentSchema } from './segment.ts';

/** What a promo code takes off. */
export const discountTermsSchema = z.strictObject({
  kind: z.enum(['percent', 'fixed']),
  /** 1..100 for percent, minor units of `currency` for fixed. */
  value: z.int(),
  currency: z.string().optional(),
  minimum: moneySchema.optional(),
});
export type DiscountTerms = z.infer<typeof discountTermsSchema>;

/** What an order keeps of its promotion: to work its price out again, and to give the use back. */
export const promotionTermsSchema = discountTermsSchema.extend({
  /** Tells a code from one of the same name that was deleted before it. */
  promotionId: z.string(),
  code: z.string(),
  maxUses: z.int().optional(),
  maxUsesPerUser: z.int().optional(),
  /** Its use counts as the customer's one use of all codes for first orders. */
  firstOrderOnly: z.boolean().optional(),
  /** The use has been given back. */
  released: z.boolean().optional(),
});
export type PromotionTerms = z.infer<typeof promotionTermsSchema>;

/** A promotion as we keep it; it is never changed, only deleted. */
export const promotionSchema = promotionTermsSchema.omit({ released: true }).extend({
  startsAt: z.iso.datetime().optional(),
  endsAt: z.iso.datetime().optional(),
  role: storedRoleSchema.optional(),
  segment: segmentSchema.optional(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
});
export type Promotion = z.infer<typeof promotionSchema>;

export type PromotionRefusal =
  | 'unknown'
  | 'not_started'
  | 'ended'
  | 'other_currency'
  | 'below_minimum'
  | 'first_order_only'
  | 'other_role'
  | 'other_segment'
  | 'used_up'
  | 'used_up_by_you';

/** The customer as far as promotions look at them. */
export type Shopper = Pick<User, 'userId' | 'role' | 'orderCount' | 'preferences'>;

/** Why nobody, or not this customer, can use the code now; undefined when they can. Limits are counted elsewhere. */
export function personalRefusal(
  promotion: Promotion,
  { shopper, now }: { shopper: Shopper; now: Date },
): PromotionRefusal | undefined {
  if (promotion.startsAt && now < new Date(promotion.startsAt)) return 'not_started';
  if (promotion.endsAt && now >= new Date(promotion.endsAt)) return 'ended';
  if (promotion.role && promotion.role !== shopper.role) return 'other_role';
  if (promotion.firstOrderOnly && shopper.orderCount > 0) return 'first_order_only';
  return promotion.segment && !inSegment(shopper, promotion.segment) ? 'other_segment' : undefined;
}

/** Whether the code is meant for certain customers, and so is offered to them; others the shop hands out itself. */
export function isTargeted({ segment, role, firstOrderOnly }: Promotion): boolean {
  return segment !== undefined || role !== undefined || firstOrderOnly === true;
}

/** Why the code cannot be used on this subtotal now; undefined when it can. */
export function refusal(
  promotion: Promotion | undefined,
  context: { subtotal: Money; shopper: Shopper; now: Date },
): PromotionRefusal | undefined {
  if (!promotion) return 'unknown';
  const { subtotal } = context;
  const personal = personalRefusal(promotion, context);
  if (personal) return personal;
  if (promotion.currency && promotion.currency !== subtotal.currency) return 'other_currency';
  return meetsMinimum(promotion, subtotal) ? undefined : 'below_minimum';
}

function meetsMinimum({ minimum }: DiscountTerms, subtotal: Money): boolean {
  return !minimum || (minimum.currency === subtotal.currency && subtotal.amount >= minimum.amount);
}

/** What the terms take off a subtotal: never more than the subtotal, nothing once it is below the minimum. */
export function discountOf(terms: DiscountTerms | undefined, subtotal: Money): Money {
  if (!terms || !meetsMinimum(terms, subtotal)) {
    return money(0, subtotal.currency);
  }
  return terms.kind === 'percent'
    ? percentOf(subtotal, terms.value)
    : money(Math.min(terms.value, subtotal.amount), subtotal.currency);
}

/**
 * What the order keeps. A first order is one order: of several placed before the first is paid, one alone has a
 * discount for first orders, whichever codes they name.
 */
export function termsOf(promotion: Promotion): PromotionTerms {
  const { promotionId, code, kind, value, currency, minimum, maxUses, firstOrderOnly } = promotion;
  const maxUsesPerUser = firstOrderOnly ? 1 : promotion.maxUsesPerUser;
  return {
    promotionId,
    code,
    kind,
    value,
    ...(currency === undefined ? {} : { currency }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maxUses === undefined ? {} : { maxUses }),
    ...(maxUsesPerUser === undefined ? {} : { maxUsesPerUser }),
    ...(firstOrderOnly ? { firstOrderOnly } : {}),
  };
}
