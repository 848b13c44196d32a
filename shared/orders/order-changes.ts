import { Problem } from '../api/problem.ts';
import type { ClientInfo } from '../api/route.ts';
import { type Actor, type AuditEntry, mirror, systemActor } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import { FinalError } from '../errors.ts';
import type { Principal } from '../identity/principal.ts';
import { withoutPersonalTrace } from './erase-order.ts';
import type { Order } from './order.ts';
import { mayBecome, type OrderStatus } from './status.ts';

/** Who calls, from where: of every request that a person made. */
export interface Author {
  readonly principal: Principal;
  readonly client: ClientInfo;
  readonly requestId: string;
}

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

/**
 * The order in its next status, moved there by the workflow, with the step on timeline and trail.
 * @param more what the trail tells beside the status
 */
export function withStep(
  order: Order,
  status: OrderStatus,
  action: string,
  at: Date,
  more: Readonly<Record<string, unknown>> = {},
): Order {
  const moved = withStatus(order, status, systemActor, at);
  const act = { action, before: { status: order.status }, after: { status, ...more } };
  const entry = systemAuditEntry(order, act, at);
  return withAudit({ ...moved, updatedAt: entry.at }, entry);
}

/** The order with an entry at the head of its mirrored trail; without free text once the customer is erased. */
export function withAudit(order: Order, entry: AuditEntry): Order {
  const isErased = order.personalDataErasedAt !== undefined;
  const kept = isErased ? withoutPersonalTrace(entry, order.userId) : entry;
  return { ...order, auditLogs: mirror(kept, order.auditLogs) };
}

/** The order without its mark of a cancellation or refund under way. */
export function withoutReversing({ reversing: _done, ...order }: Order): Order {
  return order;
}

export interface OrderAct {
  readonly action: string;
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  readonly reason?: string | undefined;
}

/** The entry of what a person did to an order over the API. */
export function orderAuditEntry(
  orderId: string,
  { action, before, after, reason }: OrderAct,
  { principal, client, requestId }: Author,
  { clock, ids }: Pick<Effects, 'clock' | 'ids'>,
): AuditEntry {
  return {
    entryId: ids.next(),
    action,
    entity: { type: 'order', id: orderId },
    actor: { id: principal.userId, role: principal.role },
    at: clock.now().toISOString(),
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    ...(before ? { before: { ...before } } : {}),
    ...(after ? { after: { ...after } } : {}),
    ...(reason === undefined ? {} : { reason }),
    requestId,
  };
}

/** The entry of a step of the workflow. Its id follows from order and action, so a repetition is one entry. */
export function systemAuditEntry(
  order: Order,
  { action, before, after, reason }: OrderAct,
  at: Date,
): AuditEntry {
  return {
    entryId: `${order.orderId}-${action}`,
    action,
    entity: { type: 'order', id: order.orderId },
    actor: systemActor,
    at: at.toISOString(),
    where: order.placedFrom,
    ...(before ? { before: { ...before } } : {}),
    ...(after ? { after: { ...after } } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

export function invalidState(order: Order, wish: string): Problem {
  return new Problem('invalid_state', `An order that is ${order.status} cannot be ${wish}.`);
}
