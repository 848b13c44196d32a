import type { Money } from '../money/money.ts';
import { type PaymentProvider, type PaymentReference, PaymentUndoneError } from './payment-provider.ts';
import type { AuthorizationResult, PaymentRecord, PaymentRecords } from './payment-record.ts';

export interface PaymentPorts {
  readonly records: PaymentRecords;
  readonly provider: PaymentProvider;
}

/**
 * Authorizes an order's total. Run again after a lost answer it asks the provider with the same key; run
 * again after an answer it repeats that answer without asking.
 * @throws TransientError · PaymentUndoneError when the order has been given up meanwhile
 */
export async function authorizePayment(
  { records, provider }: PaymentPorts,
  request: { orderId: string; amount: Money; paymentMethod: string },
): Promise<AuthorizationResult> {
  const { orderId, amount } = request;
  const { begun, record } = await records.beginAttempt(orderId, provider.name, amount);
  if (!begun) {
    return decided(record);
  }
  const result =
    amount.amount === 0
      ? nothingToPay(orderId)
      : await provider.authorize({ ...request, attempt: record.attempts });
  const standing = await records.settle(orderId, result);
  if (!standing) return result;
  if (standing.undo !== undefined && result.status === 'authorized') {
    await undoAtProvider(provider, { orderId, paymentId: result.paymentId, amount });
  }
  // Another attempt's answer stands: the provider knows both by the same key, so they mean the same money.
  return decided(standing);
}

/** Takes the authorized amount. @throws CaptureRefusedError · TransientError · PaymentUndoneError */
export async function capturePayment(
  { records, provider }: PaymentPorts,
  payment: PaymentReference,
): Promise<void> {
  if (payment.amount.amount > 0) {
    await provider.capture(payment);
  }
  if (await records.captured(payment.orderId)) {
    await undoAtProvider(provider, payment, true);
    throw new PaymentUndoneError(`Order ${payment.orderId} was given up while its payment was captured`);
  }
}

/** Voids or refunds, as far as the payment has come; fine when nothing has happened. Idempotent. */
export async function undoPayment({ records, provider }: PaymentPorts, orderId: string): Promise<void> {
  const record = await records.beginUndo(orderId);
  if (record.undo === 'done') return;
  const { amount, paymentId, status } = record;
  // A decline after a lost answer says nothing of the attempt whose answer was lost.
  const isCertainlyFree = (status === 'declined' || status === 'blocked') && record.attempts <= 1;
  const mayHoldMoney = status !== undefined && !isCertainlyFree;
  const refunded =
    mayHoldMoney && amount && amount.amount > 0
      ? await undoAtProvider(provider, { orderId, paymentId, amount }, status === 'captured')
      : undefined;
  await records.endUndo(orderId, refunded);
}

/** Voids; refunds when the money is known, or found by the provider, to be taken. Answers what was given back. */
async function undoAtProvider(
  provider: PaymentProvider,
  payment: PaymentReference,
  isCaptured = false,
): Promise<Money | undefined> {
  if (!isCaptured && (await provider.void(payment)) !== 'captured') {
    return undefined;
  }
  await provider.refund(payment);
  return payment.amount;
}

/** Providers refuse a charge of zero, so an order that a promotion made free never reaches one. */
function nothingToPay(orderId: string): AuthorizationResult {
  return { status: 'authorized', paymentId: `free_${orderId}`, fraudFlag: false };
}

function decided(record: PaymentRecord): AuthorizationResult {
  const { orderId, status, paymentId, fraudFlag = false } = record;
  if (record.undo !== undefined) {
    throw new PaymentUndoneError(`The payment of order ${orderId} has been undone`);
  }
  if (status === 'declined' || status === 'blocked') {
    return { status, ...(paymentId === undefined ? {} : { paymentId }) };
  }
  if (paymentId === undefined) {
    throw new PaymentUndoneError(`The payment of order ${orderId} has no id though it is ${status}`);
  }
  return { status: 'authorized', paymentId, fraudFlag };
}
