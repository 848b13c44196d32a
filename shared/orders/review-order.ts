import { Problem } from '../api/problem.ts';
import type { AuditEntry, AuditTrail } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import { refuseCancelled } from './cancel-order.ts';
import { type CheckoutRuns, resumeAny } from './checkout-runs.ts';
import { keptText } from './erase-order.ts';
import { type Order, reviewTokensOf } from './order.ts';
import { type Author, invalidState, orderAuditEntry, withAudit } from './order-changes.ts';
import { changeTold, OrderMissingError, type OrderStore } from './order-store.ts';

export interface ReviewPorts {
  readonly orders: OrderStore;
  readonly audit: AuditTrail;
  readonly checkouts: Pick<CheckoutRuns, 'resume'>;
  readonly effects: Effects;
}

export interface Decision extends Author {
  readonly orderId: string;
  readonly decision: 'approved' | 'rejected';
  readonly reason: string;
}

/**
 * Decides an order on hold. The first decision is written on the order under its version, so of two
 * reviewers one wins; then the waiting checkout goes on. The same decision again is fine and wakes the
 * checkout again, should the first call have died in between.
 * @throws Problem not_found · invalid_state
 */
export async function reviewOrder(decision: Decision, ports: ReviewPorts): Promise<Order> {
  const { orderId, principal, reason } = decision;
  const action = `order.${decision.decision}`;
  const entry = orderAuditEntry(
    orderId,
    { action, before: { status: 'OnHold' }, after: { review: decision.decision }, reason },
    decision,
    ports.effects,
  );
  const review = { decision: decision.decision, reason, by: principal.userId, at: entry.at };
  const order = await decide(orderId, review, entry, ports.orders);
  return wake(order, entry, ports);
}

/**
 * Hands the decision to the waiting checkout. A retried HoldForReview may have left a newer token since; a
 * checkout that has given up waiting has not taken the decision, and the trail says so.
 */
async function wake(order: Order, entry: AuditEntry, ports: ReviewPorts): Promise<Order> {
  const decision = { decision: order.review?.decision };
  const tried = reviewTokensOf(order);
  if (await resumeAny(ports.checkouts, tried, decision)) return order;
  const now = await ports.orders.find(order.orderId);
  const newer = now ? reviewTokensOf(now).filter((token) => !tried.includes(token)) : [];
  if (now && (await resumeAny(ports.checkouts, newer, decision))) return now;
  const lost = { entryId: `${entry.entryId}-lost`, action: 'order.review_lost' };
  const reason = keptText(order, entry.reason);
  const said = reason === undefined ? {} : { reason };
  await ports.audit.append({ ...entry, ...said, ...lost, before: { status: now?.status } });
  throw new Problem('invalid_state', 'The order’s checkout no longer waits for a decision.');
}

async function decide(
  orderId: string,
  review: NonNullable<Order['review']>,
  entry: AuditEntry,
  orders: OrderStore,
): Promise<Order> {
  try {
    return await changeTold(orders, orderId, (order) => {
      const isSameAgain = order.review?.decision === review.decision;
      if (order.status !== 'OnHold' || (order.review && !isSameAgain)) {
        throw invalidState(order, review.decision);
      }
      refuseCancelled(order, review.decision);
      if (order.review) return undefined;
      const kept = { ...review, reason: keptText(order, review.reason) };
      return withAudit({ ...order, review: kept, updatedAt: review.at }, entry);
    });
  } catch (error) {
    if (error instanceof OrderMissingError) {
      throw new Problem('not_found', 'There is no such order.', { cause: error });
    }
    throw error;
  }
}
