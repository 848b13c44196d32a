import { type AuditEntry, systemActor } from '../../audit/audit-entry.ts';
import type { Product } from '../../catalogue/product.ts';
import { TransientError } from '../../errors.ts';
import type { PaymentRecord } from '../../payments/payment-record.ts';
import type { FailureCode, Order } from '../order.ts';
import { withAudit, withStatus } from '../order-changes.ts';
import { OrderMissingError } from '../order-store.ts';
import type { CheckoutPorts } from './ports.ts';

type SettlePorts = Pick<CheckoutPorts, 'orders' | 'products' | 'effects'>;

const saveAttempts = 5;
const alternativesPerLine = 3;

/**
 * Marks the order Paid and counts it on the user, in one transaction. A repetition changes nothing.
 * @throws OrderStateError when the order has been given up meanwhile
 */
export async function markPaid(orderId: string, ports: SettlePorts): Promise<void> {
  await settle(orderId, ports, async (order, payment, now) => {
    if (order.status === 'Paid') return undefined;
    const paid = withStatus(order, 'Paid', systemActor, now);
    const { paymentMethod, address } = order;
    return {
      order: withEntry(withPayment(paid, payment), 'order.paid', order, now),
      countDelta: 1,
      flags: {
        preferredPaymentMethod: paymentMethod.id ?? paymentMethod.token,
        lastSelectedAddress: address?.label,
      },
    };
  });
}

/** Marks the order Failed with the reason, and takes a former Paid back. A repetition changes nothing. */
export async function markFailed(orderId: string, code: FailureCode, ports: SettlePorts): Promise<void> {
  await settle(orderId, ports, async (order, payment, now) => {
    if (order.status === 'Failed') return undefined;
    const failed = withStatus(order, 'Failed', systemActor, now);
    const alternativeIds = code === 'out_of_stock' ? await alternatives(order, ports) : undefined;
    const failure = { code, message: messages[code], ...(alternativeIds ? { alternativeIds } : {}) };
    const items = failed.items.map(givenBack);
    return {
      order: withEntry(withPayment({ ...failed, items, failure }, payment), 'order.failed', order, now, code),
      ...(order.status === 'Paid' ? { countDelta: -1 } : {}),
    };
  });
}

/** The line of an order that has failed: what was held for it is free again. */
function givenBack(item: Order['items'][number]): Order['items'][number] {
  return item.allocated === 0 ? item : { ...item, allocated: 0, status: 'unfulfilled' };
}

interface Settlement {
  readonly order: Order;
  readonly countDelta?: 1 | -1;
  readonly flags?: { preferredPaymentMethod: string; lastSelectedAddress?: string | undefined };
}

async function settle(
  orderId: string,
  { orders, effects }: SettlePorts,
  change: (order: Order, payment: PaymentRecord | undefined, now: Date) => Promise<Settlement | undefined>,
): Promise<void> {
  for (let attempt = 0; attempt < saveAttempts; attempt++) {
    const found = await orders.findWithPayment(orderId);
    if (!found) {
      throw new OrderMissingError(`There is no order ${orderId}`);
    }
    const settlement = await change(found.order, found.payment, effects.clock.now());
    if (!settlement) return;
    const { order, countDelta, flags } = settlement;
    const isSaved = countDelta
      ? await orders.saveCounted(order, countDelta, flags)
      : await orders.save(order);
    if (isSaved) return;
  }
  throw new TransientError(`Order ${orderId} keeps changing under the checkout`);
}

function withPayment(order: Order, payment: PaymentRecord | undefined): Order {
  if (!payment) return order;
  const { paymentId, attempts, refunded } = payment;
  return {
    ...order,
    paymentInfo: {
      ...order.paymentInfo,
      attempts,
      ...(paymentId === undefined ? {} : { paymentId }),
      ...(refunded === undefined ? {} : { refunded }),
    },
    flags: { ...order.flags, fraudFlag: order.flags.fraudFlag || payment.fraudFlag === true },
  };
}

/** The mirrored entry; AuditLogger appends the same one, by the same id, to the trail. */
function withEntry(order: Order, action: string, before: Order, now: Date, reason?: FailureCode): Order {
  const at = now.toISOString();
  const entry: AuditEntry = {
    entryId: `${order.orderId}-${action}`,
    action,
    entity: { type: 'order', id: order.orderId },
    actor: systemActor,
    at,
    where: order.placedFrom,
    before: { status: before.status },
    after: { status: order.status, total: order.pricing.total },
    ...(reason ? { reason } : {}),
  };
  return withAudit({ ...order, updatedAt: at }, entry);
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
