import type { Order } from '../../../shared/orders/order.ts';
import { isStopped } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/** Which entry tells of a step on the timeline. */
const toldBy: Readonly<Record<Order['status'], string>> = {
  Pending: 'order.created',
  AwaitingProfile: 'order.awaiting_profile',
  OnHold: 'order.on_hold',
  Paid: 'order.paid',
  Shipped: 'order.shipped',
  Delivered: 'order.delivered',
  Failed: 'order.failed',
  Cancelled: 'order.cancelled',
  Refunded: 'order.refund_requested',
};

/** Every step that an order's timeline shows is told by an entry of its trail, once, and so is each decision. */
export function trailViolations({ books }: Settled): Violation[] {
  return books.orders.flatMap((order) => {
    const { orderId, timeline, review, cancel, auditLogs, paymentInfo } = order;
    const trail = books.trailOf(orderId);
    const actions = new Map<string, number>();
    for (const { action } of trail) actions.set(String(action), (actions.get(String(action)) ?? 0) + 1);
    const wanted = [
      ...timeline.map(({ status }, index) =>
        status === 'Pending' && index > 0 ? 'order.profile_completed' : toldBy[status],
      ),
      ...(review ? [`order.${review.decision}`] : []),
      ...(cancel ? ['order.cancel_requested'] : []),
      ...(order.status === 'Refunded' && paymentInfo.refunded ? ['order.refunded'] : []),
    ];
    const isExcused = isUntold(books, orderId);
    const missing = [...new Set(wanted)].filter((action) => !actions.has(action) && !isExcused(action));
    const ids = trail.map(({ entryId }) => entryId);
    const mirrored = auditLogs.filter(({ action, entryId }) => !ids.includes(entryId) && !isExcused(action));
    return [
      ...missing.map((action) => ({ rule: 'trail', about: orderId, what: `no entry ${action}` })),
      ...mirrored.map(({ entryId }) => ({
        rule: 'trail',
        about: orderId,
        what: `${entryId} is only on the order`,
      })),
      ...ids
        .filter((id, index) => ids.indexOf(id) !== index)
        .map((id) => ({ rule: 'trail', about: orderId, what: `${String(id)} is told twice` })),
    ];
  });
}

const endings = new Set(['order.paid', 'order.failed', 'order.cancelled', 'order.refunded']);

/**
 * An ending may be missing from the trail only where production says so: its task lies in the dead-letter queue,
 * the queue refused it too (the execution's history has it), or an operator stopped the checkout.
 */
function isUntold(books: Settled['books'], orderId: string): (action: string) => boolean {
  const executions = books.executionsOf(orderId);
  const isLetter = books.deadLettersOf(orderId).some(({ task }) => task === 'record');
  const isLost = executions.some(({ states }) => states.some((state) => /AuditLost$/.test(state)));
  return (action) => endings.has(action) && (isLetter || isLost || isStopped(executions));
}
