import { type Money, sameMoney } from '../money/money.ts';
import { logger } from '../observability/logger.ts';
import { type PaymentPorts, returnMoney } from './pay.ts';
import { type PaymentLookup, type ProviderPayment, RefundRefusedError } from './payment-provider.ts';
import type { PaymentReader, PaymentRecord } from './payment-record.ts';
import { type TellPorts, tellOfPayment, tellStaff } from './tell-of-payment.ts';

export type ReconcilePaymentPorts = PaymentPorts &
  TellPorts & {
    readonly lookup: PaymentLookup;
    readonly records: PaymentReader;
  };

/** What was done about a payment; `nothing` when record and order had it right. */
export type Reconciled = 'nothing' | 'foreign' | 'accepted' | 'captured' | 'returned' | 'told';

export interface Reconciliation {
  readonly reconciled: Reconciled;
  /** The order that the payment names, ours or not. */
  readonly orderId?: string;
}

/**
 * Brings our record and the order to how a payment stands at the provider now. It asks for the present state
 * whatever the occasion was, and every write has its condition: so neither order nor number of the occasions
 * matters, and it may run beside the checkout and beside itself.
 *
 * - Money that nobody waits for any more, as the order was given up or has another payment, goes back.
 * - An authorization whose answer was lost is accepted while the order still waits for it, and is for its amount.
 * - A capture whose answer was lost, or that staff made at the provider, is written down.
 * - A refund or dispute that did not come from us is shown on the order, audited and told to the staff.
 *
 * @throws TransientError when the provider or a store does not answer, or the payment is at work
 */
export async function reconcilePayment(
  paymentId: string,
  ports: ReconcilePaymentPorts,
): Promise<Reconciliation> {
  const payment = await ports.lookup.find(paymentId);
  const orderId = payment?.orderId;
  if (!payment || orderId === undefined) return { reconciled: 'foreign' };
  return { reconciled: await bringUpToDate(orderId, payment, ports), orderId };
}

async function bringUpToDate(
  orderId: string,
  payment: ProviderPayment,
  ports: ReconcilePaymentPorts,
): Promise<Reconciled> {
  const { paymentId } = payment;
  const again = async () => (await reconcilePayment(paymentId, ports)).reconciled;
  const record = await ports.records.find(orderId);
  if (record?.provider !== ports.provider.name) {
    // Another stage at the same account, or another shop.
    logger.warn('a payment belongs to no order of ours', { paymentId, orderId });
    return 'foreign';
  }
  switch (duty(record, payment)) {
    case 'return':
      await returnPayment(orderId, payment, record, ports);
      return 'returned';
    case 'refuse':
      // Whoever made it used our order's id: the order's own payment has the order's amount.
      logger.error('a payment has another amount than its order', { paymentId, orderId });
      await returnPayment(orderId, payment, record, ports);
      await tellStaff(orderId, 'wrong_amount', payment, ports);
      return 'returned';
    case 'accept': {
      const { fraudFlag, paymentCountry } = payment;
      const country = paymentCountry === undefined ? {} : { paymentCountry };
      await ports.records.settle(orderId, { status: 'authorized', paymentId, fraudFlag, ...country });
      // What came in between, an undo say, has its own events or its own steps; look again at both.
      return payment.status === 'captured' ? again() : 'accepted';
    }
    case 'capture':
      await ports.records.captured(orderId);
      return payment.refunded.amount > 0 || payment.disputed ? again() : 'captured';
    case 'tell':
      return (await tellOfPayment(orderId, paymentId, ports)) ? 'told' : 'nothing';
    case 'nothing':
      return 'nothing';
  }
}

/** What a payment, as it stands at the provider, asks of us; a pure function of both records. */
export function duty(
  record: PaymentRecord,
  payment: ProviderPayment,
): 'nothing' | 'return' | 'refuse' | 'accept' | 'capture' | 'tell' {
  const isOurs = record.paymentId === undefined || record.paymentId === payment.paymentId;
  const isGivenUp =
    !isOurs || record.undo !== undefined || record.status === 'declined' || record.status === 'blocked';
  const isReserved = payment.status === 'authorized';
  const isTaken = payment.status === 'captured';
  // The bank may have taken the money already, and a refund would pay it twice. A dispute that was won, and an
  // inquiry, look the same here: what becomes of the money is left to the staff.
  if (payment.disputed) return 'tell';
  if (isGivenUp) {
    // An open one too: it could still be authorized by a request that is under way.
    const isBack = isTaken && payment.refunded.amount >= payment.amount.amount;
    return isReserved || payment.status === 'open' || (isTaken && !isBack) ? 'return' : 'nothing';
  }
  if (record.status === 'authorizing') {
    if (!isReserved && !isTaken) return 'nothing';
    return record.amount && sameMoney(record.amount, payment.amount) ? 'accept' : 'refuse';
  }
  if (isTaken && record.status === 'authorized') return 'capture';
  return isTaken ? 'tell' : 'nothing';
}

/** Voids or refunds it. What comes back after the order's own undo was over is shown and told here. */
async function returnPayment(
  orderId: string,
  payment: ProviderPayment,
  record: PaymentRecord,
  ports: ReconcilePaymentPorts,
): Promise<void> {
  const { paymentId, status, amount } = payment;
  let returned: Money | undefined;
  try {
    returned = await returnMoney(ports.provider, { orderId, paymentId, amount }, status === 'captured');
  } catch (error) {
    if (!(error instanceof RefundRefusedError)) throw error;
    // Delivered again it would be refused again: it is for the staff now.
    logger.error('a payment that nobody waits for cannot be given back', { paymentId, orderId, error });
    await tellOfPayment(orderId, paymentId, ports);
    await tellStaff(orderId, 'refund_refused', payment, ports);
    return;
  }
  if (record.undo !== 'done' || (record.paymentId !== undefined && record.paymentId !== paymentId)) return;
  if (returned) await ports.records.endUndo(orderId, returned);
  if (status === 'captured') await tellOfPayment(orderId, paymentId, ports);
}
