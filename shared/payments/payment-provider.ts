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
}

export interface PaymentReference {
  readonly orderId: string;
  /** Unknown when the authorization's answer was lost; the provider then finds it by the order. */
  readonly paymentId: string | undefined;
  readonly amount: Money;
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
  /** Gives the captured amount back. */
  refund(payment: PaymentReference): Promise<void>;
}

/** The provider will not take money that it had authorized, e.g. as the authorization has expired. */
export class CaptureRefusedError extends FinalError {
  override readonly name = 'CaptureRefusedError';
}

/** An undo has shut this payment; a step that comes later must not go on. */
export class PaymentUndoneError extends FinalError {
  override readonly name = 'PaymentUndoneError';
}
