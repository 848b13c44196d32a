import { mayBecome } from '../../../shared/orders/status.ts';
import { rows } from '../ledger.ts';
import { isPaidFor, isStopped, isUnsold } from './books.ts';
import type { Settled, Violation } from './violations.ts';

const hour = 3_600_000;

/** Nothing is stuck, nobody has two orders for one key, and what clients were told is so. */
export function orderViolations({ world, books, placed, completed, decided }: Settled): Violation[] {
  const found: Violation[] = [];
  const keys = new Map<string, string>();
  const hasFaults = world.kernel.faults.met.size > 0;
  for (const order of books.orders) {
    const { orderId, status, timeline, idempotencyKey, userId } = order;
    const say = (rule: string, what: string) => found.push({ rule, about: orderId, what });
    const isEnded = isPaidFor(order) || isUnsold(order) || status === 'Refunded';
    if (!isEnded) say('stuck', `is ${status} at rest`);
    if (order.reversing) say('stuck', `is being reversed (${order.reversing}) at rest`);
    if (order.cancel && status !== 'Cancelled') say('wish', `was to be cancelled and is ${status}`);
    const paidAt = timeline.find((step) => step.status === 'Paid')?.at;
    if (order.cancel && paidAt !== undefined && paidAt > order.cancel.at) {
      say('wish', `became Paid at ${paidAt}, after the wish of ${order.cancel.at} to cancel it`);
    }
    if (status === 'Cancelled' && !order.cancel) say('wish', 'is Cancelled though nobody asked for it');
    const key = `${userId}/${idempotencyKey}`;
    const other = keys.get(key);
    if (other) say('twice', `has the key of ${other}`);
    keys.set(key, orderId);
    timeline.forEach((step, index) => {
      const before = timeline[index - 1];
      const isAllowed = before ? mayBecome(before.status, step.status) : step.status === 'Pending';
      if (!isAllowed) say('timeline', `goes from ${before?.status} to ${step.status}`);
      if (before && before.at > step.at) say('timeline', `goes back in time at ${step.status}`);
    });
    if (timeline.at(-1)?.status !== status)
      say('timeline', `ends with ${timeline.at(-1)?.status}, is ${status}`);
    const completedAt = completed.get(userId);
    if (
      order.failure?.code === 'profile_timeout' &&
      completedAt &&
      completedAt < Date.parse(order.updatedAt) - hour
    ) {
      say('pause', 'timed out for want of a profile that had been complete for an hour');
    }
    const decidedAt = decided.get(orderId);
    if (
      order.failure?.code === 'review_timeout' &&
      order.review &&
      decidedAt &&
      decidedAt < Date.parse(order.updatedAt) - hour
    ) {
      say('pause', 'timed out for want of a decision that had been there for an hour');
    }
    const executions = books.executionsOf(orderId);
    if (executions.some((execution) => execution.status === 'RUNNING'))
      say('stuck', 'has an execution that runs');
    const isAlarmed = executions.some((execution) => execution.status === 'FAILED');
    if (!hasFaults && isAlarmed && !isStopped(executions)) say('alarm', 'failed though nothing was wrong');
    if (order.repair && !isAlarmed) say('alarm', 'has a mark for repair and no alarm tells so');
  }
  for (const { answers, userId } of placed) {
    const ids = new Set(answers.flatMap((answer) => (answer?.status === 202 ? [answer.json.orderId] : [])));
    if (ids.size > 1)
      found.push({ rule: 'twice', about: userId, what: `one key, orders ${[...ids].join(', ')}` });
    for (const id of ids) {
      if (!books.byId.has(id)) found.push({ rule: 'lost', about: id, what: 'was promised and is not there' });
    }
  }
  return [...found, ...countViolations(world, books)];
}

/** Each customer's count is of the orders that were paid and not taken back. */
function countViolations(world: Settled['world'], books: Settled['books']): Violation[] {
  return rows(world, 'USERS_TABLE').flatMap((user) => {
    if (user.listing !== 'USER') return [];
    const paid = books.orders.filter(
      (order) => order.userId === user.userId && (isPaidFor(order) || order.status === 'Refunded'),
    ).length;
    if (paid === user.orderCount) return [];
    const what = `counts ${user.orderCount} paid orders, ${paid} are`;
    return [{ rule: 'count', about: String(user.userId), what }];
  });
}
