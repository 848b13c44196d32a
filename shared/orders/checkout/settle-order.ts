import { systemActor } from '../../audit/audit-entry.ts';
import type { Product } from '../../catalogue/product.ts';
import { TransientError } from '../../errors.ts';
import type { PaymentRecord } from '../../payments/payment-record.ts';
import type { Ending } from '../ending.ts';
import type { FailureCode, Order } from '../order.ts';
import {
  OrderStateError,
  systemAuditEntry,
  withAudit,
  withoutReversing,
  withStatus,
} from '../order-changes.ts';
import { OrderMissingError, type PaidOrderFlags } from '../order-store.ts';
import type { OrderStatus } from '../status.ts';
import type { CheckoutPorts } from './ports.ts';

type SettlePorts = Pick<CheckoutPorts, 'orders' | 'products' | 'effects'>;

const saveAttempts = 5;
const alternativesPerLine = 3;
/** An answer may have been lost and the order moved on before this step came again. */
const wasPaid: readonly OrderStatus[] = ['Paid', 'Shipped', 'Delivered', 'Refunded'];

/**
 * Marks the order Paid and counts it on the user, in one transaction, unless it is to be cancelled. A
 * repetition changes nothing; once an order is Paid, a cancellation is carried out by a reversal instead.
 * @throws OrderStateError when the order has been given up meanwhile
 */
export async function markPaid(orderId: string, ports: SettlePorts): Promise<'paid' | 'cancelled'> {
  const settled = await settle(orderId, ports, async (order, payment, now) => {
    if (wasPaid.includes(order.status) || order.status === 'Cancelled' || order.cancel) return undefined;
    const paid = withStatus(order, 'Paid', systemActor, now);
    const { paymentMethod, address } = order;
    return {
      order: withEntry(withPayment(paid, payment), { action: 'order.paid' }, order, now),
      countDelta: 1,
      flags: {
        // Only what the profile has saved: a token that was used once is shown to nobody.
        preferredPaymentMethod: paymentMethod.id,
        lastSelectedAddress: address?.label,
      },
    };
  });
  return wasPaid.includes(settled.status) ? 'paid' : 'cancelled';
}

/**
 * Ends an order that will not be paid: Cancelled when that was asked for, else Failed with the reason. Takes a
 * former Paid back. A cancellation stays marked as under way until its money is back; a repetition only writes
 * what has come back since.
 * @returns the ending as it turned out. A cancellation that nobody asked for is a fault of ours.
 */
export async function endOrder(orderId: string, ending: Ending, ports: SettlePorts): Promise<Ending> {
  const wished = failureOf(ending);
  const settled = await settle(orderId, ports, async (order, payment, now) => {
    if (order.status === 'Failed' || order.status === 'Cancelled') return lateUndo(order, payment, now);
    const count = order.status === 'Paid' ? { countDelta: -1 as const } : {};
    if (order.cancel) {
      const ended = withStatus(order, 'Cancelled', systemActor, now);
      const cancelled = withPayment({ ...ended, items: ended.items.map(givenBack) }, payment);
      const entry = { action: 'order.cancelled', reason: order.cancel.reason };
      return { order: withEntry(closedIfUndone(cancelled, payment), entry, order, now), ...count };
    }
    const failed = withStatus(order, 'Failed', systemActor, now);
    const alternativeIds = wished.code === 'out_of_stock' ? await alternatives(order, ports) : undefined;
    const failure = {
      code: wished.code,
      message: messages[wished.code],
      ...(alternativeIds ? { alternativeIds } : {}),
    };
    const entry = { action: 'order.failed', reason: wished.code };
    const items = failed.items.map(givenBack);
    const ended = withPayment({ ...failed, items, failure }, payment);
    return { order: withEntry(ended, entry, order, now), ...count };
  });
  return settled.status === 'Cancelled' ? { code: 'cancelled', system: ending.system } : wished;
}

function failureOf({ code, system }: Ending): { code: FailureCode; system: boolean } {
  return code === 'cancelled' || code === 'refunded' ? { code: 'internal', system: true } : { code, system };
}

/**
 * Shows on a refunded order what has been given back. A repetition changes nothing.
 * @throws OrderStateError when the money is not back yet: nobody is told then, and the mark stays
 */
export async function closeRefund(orderId: string, ports: SettlePorts): Promise<void> {
  await settle(orderId, ports, async (order, payment, now) => {
    if (order.reversing !== 'refund') return undefined;
    if (payment?.undo !== 'done') {
      throw new OrderStateError(`The money of order ${orderId} has not been given back`);
    }
    const refunded = withoutReversing(withPayment(order, payment));
    return { order: withEntry(refunded, { action: 'order.refunded' }, order, now) };
  });
}

function closedIfUndone(order: Order, payment: PaymentRecord | undefined): Order {
  return payment?.undo === 'done' ? withoutReversing(order) : order;
}

/** What a repeated undo has brought to an order that had ended before; undefined when that is nothing. */
function lateUndo(order: Order, payment: PaymentRecord | undefined, now: Date): Settlement | undefined {
  const isLate = order.reversing !== undefined || (payment?.refunded && !order.paymentInfo.refunded);
  if (!isLate || payment?.undo !== 'done') return undefined;
  return { order: { ...withoutReversing(withPayment(order, payment)), updatedAt: now.toISOString() } };
}

/** The line of an order that has ended unsold: what was held for it is free again. */
function givenBack(item: Order['items'][number]): Order['items'][number] {
  return item.allocated === 0 ? item : { ...item, allocated: 0, status: 'unfulfilled' };
}

interface Settlement {
  readonly order: Order;
  readonly countDelta?: 1 | -1;
  readonly flags?: PaidOrderFlags;
}

async function settle(
  orderId: string,
  { orders, effects }: SettlePorts,
  change: (order: Order, payment: PaymentRecord | undefined, now: Date) => Promise<Settlement | undefined>,
): Promise<Order> {
  for (let attempt = 0; attempt < saveAttempts; attempt++) {
    const found = await orders.findWithPayment(orderId);
    if (!found) {
      throw new OrderMissingError(`There is no order ${orderId}`);
    }
    const settlement = await change(found.order, found.payment, effects.clock.now());
    if (!settlement) return found.order;
    const { order, countDelta, flags } = settlement;
    const isSaved = countDelta
      ? await orders.saveCounted(order, countDelta, flags)
      : await orders.save(order);
    if (isSaved) return order;
  }
  throw new TransientError(`Order ${orderId} keeps changing under the checkout`);
}

function withPayment(order: Order, payment: PaymentRecord | undefined): Order {
  if (!payment) return order;
  const { paymentId, attempts, refunded, fraudReasons = [] } = payment;
  return {
    ...order,
    paymentInfo: {
      ...order.paymentInfo,
      attempts,
      ...(paymentId === undefined ? {} : { paymentId }),
      ...(refunded === undefined ? {} : { refunded }),
    },
    flags: { ...order.flags, fraudFlag: order.flags.fraudFlag || payment.fraudFlag === true },
    ...(fraudReasons.length > 0 ? { fraudReasons } : {}),
  };
}

/** The mirrored entry; AuditLogger appends the same one, by the same id, to the trail. */
function withEntry(
  order: Order,
  act: { action: string; reason?: string | undefined },
  before: Order,
  now: Date,
): Order {
  const { refunded } = order.paymentInfo;
  const after = { status: order.status, total: order.pricing.total, ...(refunded ? { refunded } : {}) };
  const entry = systemAuditEntry(order, { ...act, before: { status: before.status }, after }, now);
  return withAudit({ ...order, updatedAt: entry.at }, entry);
}

async function alternatives(order: Order, { products }: SettlePorts): Promise<string[]> {
  const ordered = order.items.map((item) => item.productId);
  const short = order.items.filter((item) => item.status === 'unfulfilled' || item.status === 'partial');
  const categories = [...new Set(short.map((item) => item.category))];
  const found: Product[][] = await Promise.all(
    categories.map((category) => products.alternatives(category, ordered, alternativesPerLine)),
  );
  return found.flat().map((product) => product.productId);
}

const messages: Readonly<Record<FailureCode, string>> = {
  out_of_stock: 'Not everything that was ordered is in stock.',
  payment_declined: 'The payment was declined; try another payment method.',
  payment_unavailable:
    'The payment service did not answer; should it have charged anything, that is given back.',
  payment_blocked: 'The payment was blocked by the provider’s risk rules.',
  profile_timeout: 'The profile was not completed in time.',
  review_rejected: 'The order was reviewed and refused; nothing was charged.',
  review_timeout: 'The order was not reviewed in time; nothing was charged.',
  promo_invalid: 'The promo code can no longer be used.',
  internal: 'Something went wrong on our side; what was charged is given back.',
};
