import { Problem } from '../api/problem.ts';
import type { Effects } from '../effects.ts';
import type { HoldFinder } from '../inventory/hold-finder.ts';
import { refuseCancelled } from './cancel-order.ts';
import type { Order } from './order.ts';
import { type Author, invalidState, orderAuditEntry, withAudit, withStatus } from './order-changes.ts';
import { changeTold, type OrderStore } from './order-store.ts';
import { findOrder } from './read-orders.ts';
import { attemptAt, type ReversalRuns } from './reversal-runs.ts';
import { isSettled } from './settled.ts';
import { mayBecome } from './status.ts';

export interface ChangeStatusPorts {
  readonly orders: OrderStore;
  readonly holds: Pick<HoldFinder, 'isSold'>;
  readonly reversals: ReversalRuns;
  readonly effects: Effects;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export interface StatusChange extends Author {
  readonly orderId: string;
  readonly status: 'Shipped' | 'Delivered' | 'Refunded';
  readonly note?: string | undefined;
}

const actions = {
  Shipped: 'order.shipped',
  Delivered: 'order.delivered',
  Refunded: 'order.refund_requested',
} as const;

/**
 * What an Admin tells of an order after it was paid. It is shipped only once its stock is sold and its money is
 * to stay, since until then the checkout may still take it back. A refund is Refunded at once; a reversal then
 * gives the money back and writes how much. Told again, it is answered the same, and a refund that could not be
 * carried out is tried anew.
 * @throws Problem not_found · invalid_state
 */
export async function changeOrderStatus(change: StatusChange, ports: ChangeStatusPorts): Promise<Order> {
  const { orderId, status, note, principal } = change;
  await findOrder(principal, orderId, ports.orders);
  const order = await changeTold(ports.orders, orderId, async (current) => {
    if (current.status === status) return undefined;
    if (!mayBecome(current.status, status)) throw invalidState(current, status.toLowerCase());
    refuseCancelled(current, status.toLowerCase());
    if (status === 'Shipped' && !(await isSoonSettled(current, ports))) {
      throw new Problem('invalid_state', 'The order’s checkout is not through yet; try again in a moment.');
    }
    const actor = { id: principal.userId, role: principal.role };
    const entry = orderAuditEntry(
      orderId,
      { action: actions[status], before: { status: current.status }, after: { status }, reason: note },
      change,
      ports.effects,
    );
    const moved = withStatus(current, status, actor, new Date(entry.at));
    const reversing = status === 'Refunded' ? ({ reversing: 'refund' } as const) : {};
    return withAudit({ ...moved, ...reversing, updatedAt: entry.at }, entry);
  });
  if (order.reversing === 'refund') {
    const productIds = order.items.map((item) => item.productId);
    // The name of the first reversal works once: one that left a mark is followed by another.
    const attempt = order.repair ? attemptAt(ports.effects.clock.now()) : undefined;
    await ports.reversals.start({ orderId, userId: order.userId, productIds, kind: 'refund' }, attempt);
  }
  return order;
}

const looks = 8;
const waitMilliseconds = 150;

/** An order is seen as Paid a moment before its stock is sold: who ships it right then is let wait that moment. */
async function isSoonSettled(order: Order, ports: ChangeStatusPorts): Promise<boolean> {
  for (let look = 1; look < looks; look += 1) {
    if (await isSettled(order, ports)) return true;
    await ports.sleep(waitMilliseconds);
  }
  return isSettled(order, ports);
}
