import { decodeTime } from 'ulid';
import { toOrder } from '../../shared/adapters/dynamodb/order-item.ts';
import { toPaymentRecord } from '../../shared/adapters/dynamodb/payment-records.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { OrderStatus } from '../../shared/orders/status.ts';
import { type Check, type Examination, type Finding, isSettledSince, unreadable } from './doctor.ts';
import {
  isOpenPayment,
  markedForRepair,
  type OrderSeen,
  orphanOfNoOrder,
  orphanPayment,
  stuckOrder,
  stuckReversal,
  unexplainedOrder,
  unpaidOrder,
  unsoldOrder,
} from './order-findings.ts';
import { paidStock } from './paid-stock.ts';
import { restingHealth } from './under-way.ts';

/** Orders that nobody looks after, and payments that do not agree with their order. */
export const checkOrders: Check = async (examination) => {
  const suspects = new Set<string>();
  const findings: Finding[] = [];
  for await (const page of examination.scan('orders')) {
    for (const item of page) {
      const orderId = String(item.pk).slice('ORDER#'.length);
      try {
        if (isSuspect(item)) suspects.add(orderId);
      } catch (error) {
        const what = `${item.sk} of ${orderId}`;
        findings.push(unreadable({ type: 'order', id: orderId }, what, error));
      }
    }
  }
  for (const orderId of suspects) {
    if (findings.some(({ entity }) => entity.id === orderId)) continue;
    const finding = await examineOrder(orderId, examination);
    if (finding) findings.push(finding);
  }
  return findings;
};

const open: ReadonlySet<OrderStatus> = new Set(['Pending', 'AwaitingProfile', 'OnHold']);

/** Of an order that has shipped or ended, only the marks and the payment can be wrong. */
function isSuspect(item: Record<string, unknown>): boolean {
  if (item.sk === 'PAYMENT') return isOpenPayment(toPaymentRecord(item));
  if (item.sk !== 'ORDER') return false;
  const { status, reversing, repair } = toOrder(item);
  return open.has(status) || status === 'Paid' || reversing !== undefined || repair !== undefined;
}

/** What is wrong with an order. Its fix looks again, and does nothing about an order that has moved on since. */
async function examineOrder(orderId: string, examination: Examination): Promise<Finding | undefined> {
  const found = await lookAt(orderId, examination);
  if (!found?.fix) return found;
  const fix = async () => {
    const now = await lookAt(orderId, examination);
    // The advice names the remedy: one kind may have several.
    return now?.kind === found.kind && now.advice === found.advice ? now.fix?.() : undefined;
  };
  return { ...found, fix };
}

async function lookAt(orderId: string, examination: Examination): Promise<Finding | undefined> {
  const { orders } = examination.reconcile;
  const glance = await orders.findWithPayment(orderId);
  // Whatever runs or not: most orders are as they should be, and are not asked about any further.
  if (glance && !(await isWrong(glance, examination))) return undefined;
  // What runs is asked before the order is read: an execution that has ended changes nothing any more.
  const health = await restingHealth(orderId, examination);
  if (!health) return undefined;
  const found = await orders.findWithPayment(orderId);
  if (!found) {
    return isSettledSince(examination, placedAt(orderId)) ? orphanOfNoOrder(orderId, examination) : undefined;
  }
  return diagnose({ ...found, health }, examination);
}

/** Whether an order would be a finding, were nothing working on it. How its checkout ended decides the remedy alone. */
async function isWrong(
  found: Pick<OrderSeen, 'order' | 'payment'>,
  examination: Examination,
): Promise<boolean> {
  return (await diagnose({ ...found, health: 'missing' }, examination)) !== undefined;
}

/** The first of what is wrong with an order: it may be all that is, and the next run tells. */
async function diagnose(seen: OrderSeen, examination: Examination): Promise<Finding | undefined> {
  const { order, payment } = seen;
  if (!isSettledSince(examination, order.updatedAt)) return undefined;
  if (order.reversing) return stuckReversal(seen, examination);
  if (hasEnded(order) && payment && isOpenPayment(payment)) return orphanPayment(seen, examination);
  // Of an order that has not ended the marks stay, until a reversal has done what they ask for.
  if (open.has(order.status)) return stuckOrder(seen, examination);
  if (order.status === 'Paid') {
    const stock = await paidStock(order, examination);
    if (payment?.undo !== undefined || stock === 'released') return unsoldOrder(seen, examination);
    if (stock === 'absent') return unexplainedOrder(order);
    // What is only held is a finding of the holds, and is sold.
    if (payment?.status !== 'captured') return unpaidOrder(seen);
  }
  return order.repair ? markedForRepair(order, examination) : undefined;
}

function hasEnded({ status }: Order): boolean {
  return status === 'Failed' || status === 'Cancelled';
}

/** An order's id begins with the time that it was made at. */
function placedAt(orderId: string): string {
  try {
    return new Date(decodeTime(orderId)).toISOString();
  } catch {
    return new Date(0).toISOString();
  }
}
