import type { Clock } from '../effects.ts';
import type { Money } from '../money/money.ts';
import type { FraudReason } from './fraud-reason.ts';
import type { Suspect } from './fraud-rules.ts';
import {
  type PaymentProvider,
  type PaymentReference,
  PaymentUndoneError,
  ProviderChangedError,
} from './payment-provider.ts';
import type { AuthorizationResult, PaymentRecord, PaymentRecords } from './payment-record.ts';

export interface PaymentPorts {
  readonly records: PaymentRecords;
  readonly provider: PaymentProvider;
}

/** The fraud rules' verdict on an order whose payment the provider has authorized: reasons to hold it. */
export type Screen = (payment: Suspect['payment']) => readonly FraudReason[];

export interface Payment {
  readonly orderId: string;
  readonly amount: Money;
  readonly paymentMethod: string;
  /** The provider's id of the customer, looked up or made when there is something to pay. */
  readonly customerId?: () => Promise<string | undefined>;
  readonly screen?: Screen;
}

/**
 * Authorizes an order's total. Run again after a lost answer it asks the provider with the same key; run
 * again after an answer it repeats that answer without asking. The fraud rules' verdict is written with the
 * answer, and never changes. An order that costs nothing is not judged: there is no charge to dispute.
 * @throws TransientError · ProviderChangedError · PaymentUndoneError when the order has been given up meanwhile
 */
export async function authorizePayment(
  { records, provider, clock }: PaymentPorts & { readonly clock: Clock },
  { orderId, amount, paymentMethod, customerId: findCustomer, screen }: Payment,
): Promise<AuthorizationResult> {
  // Before the attempt, so that its record says with which customer the provider was asked.
  const found = amount.amount === 0 ? undefined : await findCustomer?.();
  const first = { at: clock.now(), customerId: found };
  const { begun, record } = await records.beginAttempt(orderId, provider.name, amount, first);
  if (!begun) {
    expectSameProvider(record, provider);
    return decided(await judged(record, amount, { records, screen }));
  }
  const { attempts: attempt, customerId, firstAttemptAt } = record;
  const request = { orderId, amount, paymentMethod, attempt, customerId, firstAttemptAt };
  const result =
    amount.amount === 0
      ? nothingToPay(orderId)
      : screened(await provider.authorize(request), provider.name, screen);
  const standing = await records.settle(orderId, result);
  if (!standing) return result;
  if (standing.undo !== undefined && result.status === 'authorized') {
    await returnMoney(provider, { orderId, paymentId: result.paymentId, amount });
  }
  // Another attempt's answer stands: the provider knows both by the same key, so they mean the same money.
  return decided(await judged(standing, amount, { records, screen }));
}

function screened(
  result: AuthorizationResult,
  provider: string,
  screen: Screen | undefined,
): AuthorizationResult {
  if (result.status !== 'authorized' || !screen) return result;
  const { fraudFlag, paymentCountry: country } = result;
  const fraudReasons = screen({ provider, fraudFlag, country });
  return { ...result, fraudFlag: fraudReasons.length > 0, fraudReasons };
}

/** An answer that came by another way than an attempt of ours, a webhook say, was written without a verdict. */
async function judged(
  record: PaymentRecord,
  amount: Money,
  { records, screen }: { records: PaymentRecords; screen: Screen | undefined },
): Promise<PaymentRecord> {
  const { orderId, status, undo, provider = '', fraudFlag = false, paymentCountry: country } = record;
  const isTaken = status === 'authorized' || status === 'captured';
  const isOpen = isTaken && undo === undefined && record.fraudReasons === undefined;
  if (!isOpen || !screen || amount.amount === 0) return record;
  return records.giveVerdict(orderId, screen({ provider, fraudFlag, country }));
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
    await returnMoney(provider, payment, true);
    throw new PaymentUndoneError(`Order ${payment.orderId} was given up while its payment was captured`);
  }
}

/**
 * Voids or refunds, as far as the payment has come; fine when nothing has happened. Idempotent.
 * @throws TransientError · RefundRefusedError · ProviderChangedError, which leave the undo open
 */
export async function undoPayment({ records, provider }: PaymentPorts, orderId: string): Promise<void> {
  const record = await records.beginUndo(orderId);
  if (record.undo === 'done') return;
  const { amount, paymentId, status, customerId, firstAttemptAt } = record;
  const isCaptured = status === 'captured';
  // A decline after a lost answer says nothing of the attempt whose answer was lost.
  const isCertainlyFree = (status === 'declined' || status === 'blocked') && record.attempts <= 1;
  const mayHoldMoney = status !== undefined && !isCertainlyFree;
  if (mayHoldMoney) expectSameProvider(record, provider);
  const refunded =
    mayHoldMoney && amount && amount.amount > 0
      ? await returnMoney(provider, { orderId, paymentId, amount, customerId, firstAttemptAt }, isCaptured)
      : undefined;
  await records.endUndo(orderId, refunded);
}

/** Another provider would find nothing, and call that done. A free order was never with any. */
function expectSameProvider(record: PaymentRecord, { name }: PaymentProvider): void {
  const { orderId, provider, amount } = record;
  if (provider === undefined || provider === name || amount?.amount === 0) return;
  throw new ProviderChangedError(
    `The payment of order ${orderId} is with ${provider}, and this stage pays with ${name}`,
  );
}

/** Voids; refunds when the money is known, or found by the provider, to be taken. Answers what was given back. */
export async function returnMoney(
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
  const { orderId, status, paymentId, fraudFlag = false, fraudReasons } = record;
  if (record.undo !== undefined) {
    throw new PaymentUndoneError(`The payment of order ${orderId} has been undone`);
  }
  if (status === 'declined' || status === 'blocked') {
    return { status, ...(paymentId === undefined ? {} : { paymentId }) };
  }
  if (paymentId === undefined) {
    throw new PaymentUndoneError(`The payment of order ${orderId} has no id though it is ${status}`);
  }
  return { status: 'authorized', paymentId, fraudFlag, ...(fraudReasons ? { fraudReasons } : {}) };
}
