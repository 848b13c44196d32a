import { appendMirrored } from '../../audit/audit-entry.ts';
import { FinalError } from '../../errors.ts';
import { missingProfileFields } from '../../identity/profile-completeness.ts';
import type { User } from '../../identity/user.ts';
import type { Order } from '../order.ts';
import { withStep } from '../order-changes.ts';
import { chooseAddress } from '../order-lines.ts';
import { changeOrder } from '../order-store.ts';
import type { CheckoutPorts } from './ports.ts';

/** The account was erased after the order was placed. */
export class UserMissingError extends FinalError {
  override readonly name = 'UserMissingError';
}

interface CheckoutOf {
  readonly orderId: string;
  readonly userId: string;
}

type ProfilePorts = Pick<CheckoutPorts, 'orders' | 'users' | 'effects' | 'checkouts' | 'audit'>;

/**
 * Says whether the profile has all that an order needs. An order that was placed without an address, or that
 * has waited, is brought up to date, or given up when it is to be cancelled; any other is not even read.
 */
export async function validateProfile(
  { orderId, userId, fillFromProfile }: CheckoutOf & { fillFromProfile: boolean },
  ports: ProfilePorts,
): Promise<{ isProfileComplete: boolean; cancelled: boolean }> {
  const user = await findUser(userId, ports);
  const isProfileComplete = missingProfileFields(user).length === 0;
  if (!fillFromProfile) return { isProfileComplete, cancelled: false };
  const now = ports.effects.clock.now();
  const order = await changeOrder(ports.orders, orderId, (current) =>
    isProfileComplete && !current.cancel ? completed(current, user, now) : undefined,
  );
  await appendMirrored(order, 'order.profile_completed', ports.audit);
  const cancelled = order.cancel !== undefined;
  if (isProfileComplete || cancelled) await ports.orders.removeWaiting(userId, orderId);
  return { isProfileComplete, cancelled };
}

function completed(order: Order, user: User, now: Date): Order | undefined {
  const isWaiting = order.status === 'AwaitingProfile';
  if (!isWaiting && order.address) return undefined;
  const address = order.address ?? chooseAddress(user, undefined);
  const pending = isWaiting ? withStep(order, 'Pending', 'order.profile_completed', now) : order;
  return { ...pending, ...(address ? { address } : {}), updatedAt: now.toISOString() };
}

/**
 * Lets the checkout wait until the profile is complete. The token is stored before profile and order are read
 * again: whoever completes or cancels later finds the token, and whoever did so before is seen here.
 */
export async function waitForProfile(
  { orderId, userId, taskToken }: CheckoutOf & { taskToken: string },
  ports: ProfilePorts,
): Promise<void> {
  const now = ports.effects.clock.now();
  const waiting = await changeOrder(ports.orders, orderId, (order) =>
    order.status === 'AwaitingProfile' || hasGoneOn(order)
      ? undefined
      : withStep(order, 'AwaitingProfile', 'order.awaiting_profile', now),
  );
  // This is an attempt that comes late, and nobody waits for its token.
  if (hasGoneOn(waiting)) return;
  await appendMirrored(waiting, 'order.awaiting_profile', ports.audit);
  await ports.orders.saveWaiting(userId, orderId, taskToken);
  const [user, order] = await Promise.all([findUser(userId, ports), ports.orders.find(orderId)]);
  if (missingProfileFields(user).length === 0 || order?.cancel) {
    await ports.checkouts.resume(taskToken, {});
  }
}

/** A checkout never comes back to the pause: what has its stock, or has waited and waits no more, is past it. */
function hasGoneOn({ allocation, status, timeline }: Order): boolean {
  const hasWaited = timeline.some((step) => step.status === 'AwaitingProfile');
  return allocation !== undefined || (hasWaited && status === 'Pending');
}

async function findUser(userId: string, { users }: ProfilePorts): Promise<User> {
  const user = await users.find(userId);
  if (!user) {
    throw new UserMissingError('The account of this order is gone');
  }
  return user;
}
