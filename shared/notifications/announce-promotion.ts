import type { Page, PageRequest } from '../api/list.ts';
import { FinalError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import { type Promotion, personalRefusal, termsOf } from '../promotions/promotion.ts';
import type { Notification } from './notification.ts';
import { type PublishPorts, publishOnce } from './publish-once.ts';

export interface AnnouncePorts extends PublishPorts {
  readonly promotions: { find(code: string): Promise<Promotion | undefined> };
  readonly users: { list(page: PageRequest): Promise<Page<User>> };
}

export interface Announced {
  /** To how many customers it went out now, or had gone out before. */
  readonly announced: number;
  /** The page behind this one; absent after the last. */
  readonly nextCursor?: string;
}

/** There is no such code, or nobody can use it any more. */
export class NothingToAnnounceError extends FinalError {
  override readonly name = 'NothingToAnnounceError';
}

/** What a Lambda gets through within its time-out. */
const usersPerPage = 50;

/**
 * Tells one page of customers of a promotion: those who opted in to the newsletter and can use it, once each. A page
 * may be announced again after a failure; who was told is not told twice.
 * @throws NothingToAnnounceError · TransientError
 */
export async function announcePromotion(
  { code, cursor }: { readonly code: string; readonly cursor?: string | undefined },
  ports: AnnouncePorts,
): Promise<Announced> {
  const now = () => ports.clock.now();
  const promotion = await ports.promotions.find(code);
  if (!promotion || isOver(promotion, now())) {
    throw new NothingToAnnounceError(`There is no promotion ${code} to announce`);
  }
  const after = cursor === undefined ? {} : { after: { userId: cursor } };
  const page = await ports.users.list({ limit: usersPerPage, ...after });
  const told = page.items.filter((user) => isMeant(user, promotion, now()));
  for (const { userId } of told) await publishOnce(announcement(promotion, userId), ports);
  const next = page.next?.userId;
  return { announced: told.length, ...(next === undefined ? {} : { nextCursor: next }) };
}

function isOver({ endsAt }: Promotion, now: Date): boolean {
  return endsAt !== undefined && now >= new Date(endsAt);
}

function isMeant(user: User, promotion: Promotion, now: Date): boolean {
  const isOpen = !user.disabled && user.erasureStartedAt === undefined;
  const isCustomer = user.role === 'Customer' && user.preferences.newsletterOptIn === true;
  return isOpen && isCustomer && personalRefusal(promotion, { shopper: user, now }) === undefined;
}

function announcement(promotion: Promotion, userId: string): Notification {
  const { promotionId, code, kind, value, currency, minimum, maxUses, endsAt } = promotion;
  const { maxUsesPerUser, firstOrderOnly } = termsOf(promotion);
  return {
    notificationId: `${promotionId}#promotion#${userId}`,
    topic: 'user',
    role: 'Customer',
    type: 'promotion',
    userId,
    data: {
      code,
      kind,
      value: String(value),
      ...(currency === undefined ? {} : { currency }),
      ...(minimum ? { minimum: String(minimum.amount), minimumCurrency: minimum.currency } : {}),
      ...(maxUses === undefined ? {} : { maxUses: String(maxUses) }),
      ...(maxUsesPerUser === undefined ? {} : { maxUsesPerUser: String(maxUsesPerUser) }),
      ...(firstOrderOnly ? { firstOrderOnly: 'true' } : {}),
      ...(endsAt === undefined ? {} : { expiresAt: endsAt }),
    },
  };
}
