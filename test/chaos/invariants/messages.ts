import { lowStockId } from '../../../shared/notifications/low-stock-notice.ts';
import { type OrderMessage, orderMessageId } from '../../../shared/notifications/order-messages.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { rows } from '../ledger.ts';
import { isPaidFor, isStopped } from './books.ts';
import type { Settled, Violation } from './violations.ts';

/**
 * Each customer is told once how their order ended, and that it was held, approved, shipped and delivered; the staff,
 * that it was held, and that a product runs low. Twice is allowed only where the sender could not know that it had told
 * them: of all that sent one message, at most one met no fault. What the streams' queue tells of need not be told.
 */
export function messageViolations({ world, books }: Settled): Violation[] {
  const found: Violation[] = [];
  const sent = new Map<string, { clean: number }>();
  for (const { message, sender } of world.cloud.published) {
    const id = String(message.notificationId);
    const known = sent.get(id) ?? { clean: 0 };
    if (!sender?.isFaulty) known.clean += 1;
    sent.set(id, known);
  }
  for (const [id, { clean }] of sent) {
    if (clean > 1)
      found.push({ rule: 'message', about: id, what: `was sent ${clean} times without a fault` });
  }
  const isLossKnown = world.streams.lostBy('order-notices').length > 0;
  const askFor = (about: string, due: readonly string[]) => {
    for (const id of due.filter((one) => !isLossKnown && !sent.has(one))) {
      found.push({ rule: 'message', about, what: `nobody was told ${id}` });
    }
  };
  for (const { productId, lowStockSince } of rows(world, 'PRODUCTS_TABLE')) {
    if (lowStockSince === undefined) continue;
    const product = String(productId);
    askFor(product, [lowStockId(product, String(lowStockSince))]);
  }
  for (const order of books.orders) {
    const { orderId, status, flags } = order;
    askFor(orderId, noticesDue(order));
    const executions = books.executionsOf(orderId);
    const isLetter = books.deadLettersOf(orderId).some(({ task }) => task === 'notify');
    const isLost = executions.some(({ states }) => states.some((state) => /NotificationLost$/.test(state)));
    const confirmation = flags.partialFulfillment ? 'order_partial' : 'order_confirmation';
    const type =
      status === 'Refunded'
        ? 'order_refunded'
        : isPaidFor(order)
          ? confirmation
          : `order_${status.toLowerCase()}`;
    // FailOrder was exhausted, which raised an alarm: they were told of what led there, and not of the wish.
    const isMarked = executions.some(({ states }) => states.includes('MarkOrderForRepair'));
    if (isMarked && sent.has(`${orderId}#order_failed`)) continue;
    if (!sent.has(`${orderId}#${type}`) && !isLetter && !isLost && !isStopped(executions)) {
      found.push({ rule: 'message', about: orderId, what: `nobody was told ${type}` });
    }
  }
  return found;
}

/** The messages that the stream of the Orders table gives rise to, by what the order's timeline shows. */
function noticesDue({ orderId, timeline, review }: Order): string[] {
  const due = timeline.flatMap(({ status }, index): OrderMessage[] => {
    if (status === 'OnHold') return ['order_on_hold', 'order_held'];
    if (status === 'Shipped') return ['order_shipped'];
    if (status === 'Delivered') return ['order_delivered'];
    const isApproval =
      status === 'Paid' && timeline[index - 1]?.status === 'OnHold' && review?.decision === 'approved';
    return isApproval ? ['order_approved'] : [];
  });
  return due.map((message) => orderMessageId(orderId, message));
}
