import type { Page, PageRequest } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { Money } from '../money/money.ts';
import { type Promotion, type PromotionRefusal, refusal, type Shopper, termsOf } from './promotion.ts';

/** Uses so far; counted only where there is a limit. */
export interface PromotionUses {
  readonly total: number;
  /** Of a code for first orders: of all codes for first orders. */
  readonly byUser: number;
}

export interface PromotionReader {
  /** By code, in any case. */
  find(code: string): Promise<Promotion | undefined>;
  usesOf(promotion: Promotion, userId: string): Promise<PromotionUses>;
}

export interface PromotionStore extends PromotionReader {
  /** @returns false when there is a promotion of this code already */
  create(promotion: Promotion, audit: AuditEntry): Promise<boolean>;
  /** @returns false when it is gone already */
  remove(promotion: Promotion, audit: AuditEntry): Promise<boolean>;
  /** Newest first. */
  list(page: PageRequest): Promise<Page<Promotion & { readonly uses?: number }>>;
}

/** Why the code cannot be used: by its rules, and by its limits as far as they are reached now. */
export async function refusalNow(
  promotion: Promotion | undefined,
  context: { subtotal: Money; shopper: Shopper; now: Date },
  promotions: Pick<PromotionReader, 'usesOf'>,
): Promise<PromotionRefusal | undefined> {
  const reason = refusal(promotion, context);
  return reason || !promotion ? reason : limitRefusal(promotion, context.shopper.userId, promotions);
}

export async function limitRefusal(
  promotion: Promotion,
  userId: string,
  promotions: Pick<PromotionReader, 'usesOf'>,
): Promise<PromotionRefusal | undefined> {
  const { maxUses, maxUsesPerUser, firstOrderOnly } = termsOf(promotion);
  if (maxUses === undefined && maxUsesPerUser === undefined) return undefined;
  const { total, byUser } = await promotions.usesOf(promotion, userId);
  if (maxUses !== undefined && total >= maxUses) return 'used_up';
  if (maxUsesPerUser === undefined || byUser < maxUsesPerUser) return undefined;
  return firstOrderOnly ? 'first_order_only' : 'used_up_by_you';
}

export function promoInvalid(reason: PromotionRefusal): Problem {
  return new Problem('promo_invalid', `The promo code cannot be used: ${reason}.`, {
    errors: [{ path: '/promoCode', message: reason }],
  });
}
