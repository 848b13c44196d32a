import * as z from 'zod';
import type { User } from '../identity/user.ts';

/** Paid orders from which on a customer is loyal. */
const loyalFrom = 5;

/**
 * Groups of customers, told by the user record alone so that anyone can check them: `new` has no paid order,
 * `returning` has one or more, `loyal` five or more, `newsletter` has opted in to it.
 */
export const segmentSchema = z.enum(['new', 'returning', 'loyal', 'newsletter']);
export type Segment = z.infer<typeof segmentSchema>;

export function inSegment(
  { orderCount, preferences }: Pick<User, 'orderCount' | 'preferences'>,
  segment: Segment,
): boolean {
  switch (segment) {
    case 'new':
      return orderCount === 0;
    case 'returning':
      return orderCount > 0;
    case 'loyal':
      return orderCount >= loyalFrom;
    case 'newsletter':
      return preferences.newsletterOptIn === true;
  }
}
