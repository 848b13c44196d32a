import { type AuditTrail, appendMirrored } from '../audit/audit-entry.ts';
import type { Facts, Notification } from '../notifications/notification.ts';
import { type PublishPorts, publishOnce } from '../notifications/publish-once.ts';
import type { Order } from '../orders/order.ts';
import { systemAuditEntry, withAudit } from '../orders/order-changes.ts';
import { changeOrder, OrderMissingError, type OrderStore } from '../orders/order-store.ts';
import { type AlertOfPayment, entryAlertId, paymentAlertId, toldActions } from './payment-alert.ts';
import type { PaymentLookup, ProviderPayment } from './payment-provider.ts';

export interface TellPorts extends PublishPorts {
  readonly lookup: PaymentLookup;
  readonly orders: Pick<OrderStore, 'find' | 'save'>;
  readonly audit: AuditTrail;
}

/**
 * Shows on the order what was given back or disputed at the provider, by staff in its dashboard or by the
 * cardholder; audits it and alerts the staff. The payment is read after the order, whose version guards the
 * write: an older view of the payment cannot overwrite a newer one.
 * @returns whether there is anything to tell
 */
export async function tellOfPayment(orderId: string, paymentId: string, ports: TellPorts): Promise<boolean> {
  try {
    const order = await changeOrder(ports.orders, orderId, async (current) => {
      const payment = await ports.lookup.find(paymentId);
      return payment && withPaymentFacts(current, payment, ports.clock.now());
    });
    // Also what a former delivery has shown and died before it told.
    const entry = order.auditLogs.find(({ action }) => action.startsWith(toldActions));
    if (!entry) return false;
    await appendMirrored(order, entry.action, ports.audit);
    await alertStaff(order, entryAlertId(orderId, entry), happened(order.paymentInfo), ports);
    return true;
  } catch (error) {
    // The order was deleted; the record of its payment has stayed.
    if (error instanceof OrderMissingError) return false;
    throw error;
  }
}

type Happening = Facts<'payment_alert'>['happened'];
type Shown = Pick<Order['paymentInfo'], 'refunded' | 'disputed'>;

/** The order as the payment stands; undefined when it says so already. */
function withPaymentFacts(order: Order, payment: ProviderPayment, at: Date): Order | undefined {
  const { refunded, disputed: _before, ...info } = order.paymentInfo;
  const shown: Shown = {
    ...(payment.refunded.amount > 0 ? { refunded: payment.refunded } : {}),
    ...(payment.disputed ? { disputed: true } : {}),
  };
  if (isShown(order, shown)) return undefined;
  const action = `${toldActions}${payment.disputed ? 'disputed' : 'refunded'}_${payment.refunded.amount}`;
  const before = { refunded: refunded?.amount ?? 0, disputed: order.paymentInfo.disputed ?? false };
  const after = { refunded: payment.refunded.amount, disputed: payment.disputed };
  const entry = {
    ...systemAuditEntry(order, { action, before, after }, at),
    // The same state may come again, as after a refund that was sent back: that is another entry.
    entryId: `${order.orderId}-${action}-${order.version}`,
  };
  return withAudit({ ...order, paymentInfo: { ...info, ...shown }, updatedAt: entry.at }, entry);
}

function isShown({ paymentInfo }: Order, shown: Shown): boolean {
  return paymentInfo.refunded?.amount === shown.refunded?.amount && paymentInfo.disputed === shown.disputed;
}

/** A refund that is gone again was sent back by the card's bank: the money is still with us. */
function happened({ refunded, disputed }: Shown): Happening {
  if (disputed) return 'disputed';
  return refunded ? 'refunded' : 'refund_failed';
}

/**
 * Alerts the staff, once, of what the order itself cannot show: `wrong_amount`, a payment that named the order, was
 * for another amount and has been given back; `refund_refused`, one that the provider will not give back.
 */
export async function tellStaff(
  orderId: string,
  event: AlertOfPayment,
  { paymentId }: ProviderPayment,
  ports: TellPorts,
): Promise<void> {
  const order = await ports.orders.find(orderId);
  if (order) await alertStaff(order, paymentAlertId(orderId, event, paymentId), event, ports);
}

async function alertStaff(
  order: Order,
  notificationId: string,
  event: Happening,
  ports: TellPorts,
): Promise<void> {
  const { orderId, userId, paymentInfo } = order;
  const alert: Notification = {
    notificationId,
    topic: 'order',
    role: 'Manager',
    type: 'payment_alert',
    orderId,
    userId,
    data: {
      happened: event,
      refunded: String(paymentInfo.refunded?.amount ?? 0),
      currency: order.currency,
    },
  };
  await publishOnce(alert, ports);
}
