import { Problem } from '../api/problem.ts';
import type { Effects } from '../effects.ts';
import { type CheckoutRuns, resumeAny } from './checkout-runs.ts';
import { checkoutOf } from './checkout-start.ts';
import { keptText } from './erase-order.ts';
import { type Order, reviewTokensOf } from './order.ts';
import { type Author, invalidState, orderAuditEntry, withAudit } from './order-changes.ts';
import { changeTold, type OrderStore } from './order-store.ts';
import { findOrder } from './read-orders.ts';
import type { ReversalRuns } from './reversal-runs.ts';
import { mayBecome } from './status.ts';

export interface DrivePorts {
  readonly orders: Pick<OrderStore, 'findWaiting'>;
  readonly checkouts: Pick<CheckoutRuns, 'start' | 'resume'>;
  readonly reversals: ReversalRuns;
}

export interface CancelPorts extends DrivePorts {
  readonly orders: OrderStore;
  readonly effects: Effects;
}

export interface CancelRequest extends Author {
  readonly orderId: string;
  readonly reason?: string | undefined;
}

/**
 * Asks for an order to be cancelled. The wish is written on the order under its version: whichever step of the
 * checkout saves the order next, sees it, and a step that came first is seen here. Asked for again while it is
 * being carried out, it is answered the same and driven on, should the first call have died in between.
 * @throws Problem not_found · invalid_state
 */
export async function cancelOrder(request: CancelRequest, ports: CancelPorts): Promise<Order> {
  const { orderId, principal, reason } = request;
  await findOrder(principal, orderId, ports.orders);
  const order = await changeTold(ports.orders, orderId, (current) => {
    if (!mayBecome(current.status, 'Cancelled')) throw invalidState(current, 'cancelled');
    if (current.cancel) return undefined;
    const entry = orderAuditEntry(
      orderId,
      { action: 'order.cancel_requested', before: { status: current.status }, reason },
      request,
      ports.effects,
    );
    const text = keptText(current, reason);
    const cancel = { by: principal.userId, at: entry.at, ...(text === undefined ? {} : { reason: text }) };
    return withAudit({ ...current, cancel, reversing: 'cancel', updatedAt: entry.at }, entry);
  });
  await driveCancellation(order, ports);
  return order;
}

/**
 * Makes sure that something carries the cancellation out: the checkout, woken where it waits and started where
 * it never was, or a reversal once the order is paid. Fine to be called at any time and again.
 */
export async function driveCancellation(order: Order, ports: DrivePorts, attempt?: string): Promise<void> {
  const { orderId, userId } = order;
  switch (order.status) {
    case 'Pending':
      return ports.checkouts.start(checkoutOf(order));
    case 'AwaitingProfile': {
      await resumeAny(ports.checkouts, await ports.orders.findWaiting(userId, orderId), {});
      return;
    }
    case 'OnHold':
      await resumeAny(ports.checkouts, reviewTokensOf(order), { decision: 'cancelled' });
      return;
    case 'Paid': {
      const productIds = order.items.map((item) => item.productId);
      return ports.reversals.start({ orderId, userId, productIds, kind: 'cancel' }, attempt);
    }
    default:
      return;
  }
}

/** @throws Problem invalid_state when a cancellation is under way, which nothing may overtake */
export function refuseCancelled(order: Order, wish: string): void {
  if (order.cancel) {
    throw new Problem('invalid_state', `An order that is being cancelled cannot be ${wish}.`);
  }
}
