import { Problem } from '../api/problem.ts';
import { type Actor, type AuditEntry, mirror } from '../audit/audit-entry.ts';
import { FinalError } from '../errors.ts';
import type { Order } from './order.ts';
import { mayBecome, type OrderStatus } from './status.ts';

/** The workflow wants a status that the order can no longer take; repeating cannot help. */
export class OrderStateError extends FinalError {
  override readonly name = 'OrderStateError';
}

/** Shown on the timeline: the role, so that no staff member's id reaches a customer. */
function shownActor(actor: Actor): string {
  return actor.role.toLowerCase();
}

/**
 * The order in its next status, with the step on its timeline.
 * @throws OrderStateError when the transition table does not allow it
 */
export function withStatus(order: Order, status: OrderStatus, actor: Actor, at: Date): Order {
  if (!mayBecome(order.status, status)) {
    throw new OrderStateError(`An order that is ${order.status} cannot become ${status}`);
  }
  const step = { status, at: at.toISOString(), by: shownActor(actor) };
  return { ...order, status, timeline: [...order.timeline, step] };
}

/** The order with an entry at the head of its mirrored trail. */
export function withAudit(order: Order, entry: AuditEntry): Order {
  return { ...order, auditLogs: mirror(entry, order.auditLogs) };
}

export function invalidState(order: Order, wish: string): Problem {
  return new Problem('invalid_state', `An order that is ${order.status} cannot be ${wish}.`);
}
