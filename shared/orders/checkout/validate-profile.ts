import { systemActor } from '../../audit/audit-entry.ts';
import { FinalError } from '../../errors.ts';
import { missingProfileFields } from '../../identity/profile-completeness.ts';
import type { User } from '../../identity/user.ts';
import type { Order } from '../order.ts';
import { withStatus } from '../order-changes.ts';
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

type ProfilePorts = Pick<CheckoutPorts, 'orders' | 'users' | 'effects' | 'checkouts'>;

/**
 * Says whether the profile has all that an order needs. An order that was placed without an address, or that
 * has waited, is brought up to date; any other is not even read.
 */
export async function validateProfile(
  { orderId, userId, fillFromProfile }: CheckoutOf & { fillFromProfile: boolean },
  ports: ProfilePorts,
): Promise<{ isProfileComplete: boolean }> {
  const user = await findUser(userId, ports);
  const isProfileComplete = missingProfileFields(user).length === 0;
  if (isProfileComplete && fillFromProfile) {
    const now = ports.effects.clock.now();
    await changeOrder(ports.orders, orderId, (order) => completed(order, user, now));
    await ports.orders.removeWaiting(userId, orderId);
  }
  return { isProfileComplete };
}

function completed(order: Order, user: User, now: Date): Order | undefined {
  const isWaiting = order.status === 'AwaitingProfile';
  if (!isWaiting && order.address) return undefined;
  const address = order.address ?? chooseAddress(user, undefined);
  const pending = isWaiting ? withStatus(order, 'Pending', systemActor, now) : order;
  return { ...pending, ...(address ? { address } : {}), updatedAt: now.toISOString() };
}

/**
 * Lets the checkout wait until the profile is complete. The token is stored before the profile is read
 * again: whoever completes it later finds the token, and whoever completed it before is seen here.
 */
export async function waitForProfile(
  { orderId, userId, taskToken }: CheckoutOf & { taskToken: string },
  ports: ProfilePorts,
): Promise<void> {
  const now = ports.effects.clock.now();
  const order = await changeOrder(ports.orders, orderId, (current) =>
    current.status === 'AwaitingProfile' || current.allocation
      ? undefined
      : { ...withStatus(current, 'AwaitingProfile', systemActor, now), updatedAt: now.toISOString() },
  );
  // The checkout has gone on: this is an attempt that comes late, and nobody waits for its token.
  if (order.allocation) return;
  await ports.orders.saveWaiting(userId, orderId, taskToken);
  const user = await findUser(userId, ports);
  if (missingProfileFields(user).length === 0) {
    await ports.checkouts.resume(taskToken, {});
  }
}

async function findUser(userId: string, { users }: ProfilePorts): Promise<User> {
  const user = await users.find(userId);
  if (!user) {
    throw new UserMissingError('The account of this order is gone');
  }
  return user;
}
