import { FinalError } from '../errors.ts';
import type { Money } from '../money/money.ts';
import type { AuthorizationResult } from './payment-record.ts';

export interface AuthorizationRequest {
  readonly orderId: string;
  readonly amount: Money;
  /** The provider's name for the customer's payment method. */
  readonly paymentMethod: string;
  /** 1 for the first try of this order. */
  readonly attempt: number;
  /** As in the payment record, where the provider keeps methods with customers. */
  readonly customerId?: string | undefined;
  /** ISO 8601, as in the payment record. */
  readonly firstAttemptAt?: string | undefined;
}

export interface PaymentReference {
  readonly orderId: string;
  /** Unknown when the authorization's answer was lost; the provider then finds it by the order. */
  readonly paymentId: string | undefined;
  readonly amount: Money;
  /** What the authorization was asked with, for a provider that finds the payment by asking the same again. */
  readonly customerId?: string | undefined;
  readonly firstAttemptAt?: string | undefined;
}

/**
 * A payment provider. Every call is idempotent by order and step, so that a repetition has the effect and
 * the answer of the first. Throws TransientError when the outcome is not known or a later call may succeed.
 */
export interface PaymentProvider {
  readonly name: string;
  /** Reserves the amount. A decline is a result, not an error. */
  authorize(request: AuthorizationRequest): Promise<AuthorizationResult>;
  /** Takes the reserved amount. @throws CaptureRefusedError */
  capture(payment: PaymentReference): Promise<void>;
  /** Lets the reservation go. `captured` when the money has been taken already and needs a refund. */
  void(payment: PaymentReference): Promise<'voided' | 'nothing' | 'captured'>;
  /** Gives the captured amount back. @throws RefundRefusedError */
  refund(payment: PaymentReference): Promise<void>;
}

/** A payment as the provider has it now, whatever our own record says. */
export interface ProviderPayment {
  readonly paymentId: string;
  /** Undefined when somebody else uses the same account at the provider. */
  readonly orderId: string | undefined;
  /** `open` when the card has not been asked or said no. */
  readonly status: 'open' | 'processing' | 'authorized' | 'captured' | 'canceled';
  readonly amount: Money;
  /** What has been given back, by whomever. */
  readonly refunded: Money;
  /** The cardholder has disputed it at some time, or the bank has inquired; also when we have won since. */
  readonly disputed: boolean;
  readonly fraudFlag: boolean;
  readonly paymentCountry?: string;
}

/** Reads payments at the provider. Throws TransientError when it does not answer. */
export interface PaymentLookup {
  find(paymentId: string): Promise<ProviderPayment | undefined>;
}

/** An event of the provider says that something about a payment has changed; the payment itself tells what. */
export interface PaymentEvent {
  readonly eventId: string;
  readonly type: string;
  /** Undefined for events that are about no payment. */
  readonly paymentId: string | undefined;
}

/** Reads a signed delivery. @throws EventRefusedError when the signature is missing, wrong or too old */
export type ReadPaymentEvent = (rawBody: string, signature: string) => Promise<PaymentEvent>;

/** Not from the provider, or not now: whoever sent it must not learn more. */
export class EventRefusedError extends FinalError {
  override readonly name = 'EventRefusedError';
}

/** The provider will not take money that it had authorized, e.g. as the authorization has expired. */
export class CaptureRefusedError extends FinalError {
  override readonly name = 'CaptureRefusedError';
}

/** The provider will not give money back by itself, e.g. as the card is closed or the charge is disputed. */
export class RefundRefusedError extends FinalError {
  override readonly name = 'RefundRefusedError';
}

/** A payment is with another provider than the stage has now: only that one can take or return its money. */
export class ProviderChangedError extends FinalError {
  override readonly name = 'ProviderChangedError';
}

/** An undo has shut this payment; a step that comes later must not go on. */
export class PaymentUndoneError extends FinalError {
  override readonly name = 'PaymentUndoneError';
}
