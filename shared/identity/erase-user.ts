import { Problem } from '../api/problem.ts';
import { mapAtOnce } from '../at-once.ts';
import { erasedWhere } from '../audit/audit-entry.ts';
import { isErased } from '../orders/erase-order.ts';
import type { Order } from '../orders/order.ts';
import { changeUser } from './change-user.ts';
import type { Principal } from './principal.ts';
import { requireOtherAdmin } from './update-user.ts';
import type { User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';

type Ports = Pick<UserPorts, 'store' | 'identityProvider' | 'privacy' | 'audit' | 'effects'>;
type KnownCaller = Caller & { readonly principal: Principal };

/** Orders are worked on side by side, but not so many that one erasure throttles a table. */
const ordersAtOnce = 8;
/** A checkout's last steps (notification, audit) come after the order's own end. */
const tailMilliseconds = 60 * 60 * 1000;
/** Between an order's transaction and the start of its checkout. */
const startMilliseconds = 60 * 1000;

/**
 * Erases a person: the account is shut first, then closed at the identity provider, then emptied. Each step
 * may be done again, and the next call goes on where a former one broke off. Called for somebody who is erased
 * already it sweeps again, for what came late or out of a backup; see docs/decisions/0010-erasure.md.
 * @throws Problem not_found · last_admin · invalid_state while a checkout of theirs runs
 */
export async function eraseUser(userId: string, caller: KnownCaller, ports: Ports): Promise<void> {
  const { store, identityProvider, privacy, audit, effects } = ports;
  let isRepetition = false;
  const user = caller.principal.userId === userId ? caller.principal.user : await store.find(userId);
  if (user) {
    const marked = await shut(user, caller, ports);
    await identityProvider.deleteUser(userId);
    await eraseOrders(await privacy.data.ordersOf(userId), ports);
    // On the register before a trace is emptied: the sealer asks it, and takes anything else for tampering.
    const startedAt = marked.erasureStartedAt ?? effects.clock.now().toISOString();
    await privacy.erasures.removeUser(marked, { userId, startedAt });
  } else {
    const erasure = await privacy.erasures.find(userId);
    if (!erasure) throw new Problem('not_found', 'There is no such user.');
    isRepetition = erasure.finishedAt !== undefined;
  }
  // Again, now that nobody can act under this id: an order or an entry may have been on its way before.
  const orders = await privacy.data.ordersOf(userId);
  await eraseOrders(orders, ports);
  await privacy.data.eraseTraces(
    userId,
    orders.map(({ orderId }) => orderId),
  );
  if (isRepetition) {
    return audit.append(userAuditEntry('user.erasure_repeated', userId, caller, effects));
  }
  await privacy.erasures.finish(userId, effects.clock.now().toISOString(), lastEntry(userId, caller, ports));
}

/** Disables the account, so that no login and no order comes in between; takes it back if a checkout runs. */
async function shut(user: User, caller: KnownCaller, ports: Ports): Promise<User> {
  const { userId } = user;
  const { effects } = ports;
  if (user.erasureStartedAt === undefined) {
    await refuseWhileCheckoutRuns(userId, ports);
  }
  const startedAt = effects.clock.now().toISOString();
  const start = {
    action: 'user.erasure_started' as const,
    apply: (current: User) =>
      current.erasureStartedAt === undefined
        ? { ...current, disabled: true, erasureStartedAt: startedAt }
        : current,
    remainingAdminId: (before: User, after: User) => requireOtherAdmin(before, after, ports),
  };
  const marked = await changeUser(userId, start, caller, ports);
  try {
    await refuseWhileCheckoutRuns(userId, ports);
  } catch (error) {
    if (error instanceof Problem && user.erasureStartedAt === undefined) {
      await reopen(user, caller, ports);
    }
    throw error;
  }
  return marked;
}

async function reopen(former: User, caller: KnownCaller, ports: Ports): Promise<void> {
  const withdrawal = {
    action: 'user.erasure_withdrawn' as const,
    apply: ({ erasureStartedAt: _, ...current }: User) => ({ ...current, disabled: former.disabled }),
  };
  const fresh = { ...caller, principal: undefined };
  await changeUser(former.userId, withdrawal, fresh, ports);
}

/** @throws Problem invalid_state */
async function refuseWhileCheckoutRuns(userId: string, { privacy, effects }: Ports): Promise<void> {
  const now = effects.clock.now().getTime();
  const orders = await privacy.data.ordersOf(userId);
  const reversed = orders.find(({ reversing }) => reversing !== undefined);
  if (reversed) {
    throw new Problem(
      'invalid_state',
      `Order ${reversed.orderId} is being cancelled or refunded; the account can be erased once that has ended.`,
    );
  }
  const candidates = orders.filter((order) => mayBeRunning(order, now));
  await mapAtOnce(candidates, ordersAtOnce, async (order) => {
    const state = await privacy.checkouts.stateOf(order.orderId);
    const isAboutToStart = state === 'none' && now - Date.parse(order.createdAt) < startMilliseconds;
    if (state === 'running' || isAboutToStart) {
      throw new Problem(
        'invalid_state',
        `Order ${order.orderId} is still in checkout; the account can be erased once that has ended.`,
      );
    }
  });
}

function mayBeRunning(order: Order, now: number): boolean {
  const isOpen = ['Pending', 'AwaitingProfile', 'OnHold'].includes(order.status);
  return isOpen || now - Date.parse(order.updatedAt) < tailMilliseconds;
}

async function eraseOrders(orders: readonly Order[], { privacy, effects }: Ports): Promise<void> {
  const open = orders.filter((order) => !isErased(order));
  await mapAtOnce(open, ordersAtOnce, ({ orderId }) => privacy.data.eraseOrder(orderId, effects.clock.now()));
}

/** Who erased themselves leaves no place behind in the entry that says so. */
function lastEntry(userId: string, caller: KnownCaller, { effects }: Ports) {
  const entry = userAuditEntry('user.erased', userId, caller, effects);
  return caller.principal.userId === userId ? { ...entry, where: erasedWhere } : entry;
}
