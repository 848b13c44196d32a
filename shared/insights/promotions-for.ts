import type { User } from '../identity/user.ts';
import type { Money } from '../money/money.ts';
import type { Promotion } from '../promotions/promotion.ts';
import type { Recommendations } from './insight-schemas.ts';

/** What of a promotion is shown to those who can use it. */
export type OfferedPromotion = Pick<Promotion, 'code' | 'kind' | 'value' | 'currency' | 'minimum' | 'endsAt'>;

/**
 * Finds the running promotions for the user's segment, role or first order that the user can redeem. Codes for
 * anybody are none of them: the shop hands those out itself.
 */
export interface PromotionPicker {
  forUser(user: User, currency: string | undefined, now: Date): Promise<readonly OfferedPromotion[]>;
}

/** Whether one piece at this price is enough for a promotion that asks for a minimum. */
export function reachesMinimum({ minimum }: Pick<Promotion, 'minimum'>, price: Money): boolean {
  return minimum !== undefined && price.currency === minimum.currency && price.amount >= minimum.amount;
}

export function shownPromotion(promotion: OfferedPromotion): Recommendations['promotions'][number] {
  const { code, kind, value, currency, minimum, endsAt } = promotion;
  return {
    code,
    kind,
    value,
    ...(currency === undefined ? {} : { currency }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(endsAt === undefined ? {} : { endsAt }),
  };
}
