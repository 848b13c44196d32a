import Stripe from 'stripe';
import { FinalError, TransientError } from '../../errors.ts';

/** Stripe refuses for a reason that neither a repetition nor the customer can change, e.g. a key without rights. */
export class StripeRefusedError extends FinalError {
  override readonly name = 'StripeRefusedError';
}

/**
 * A 5xx that Stripe kept under its idempotency key and repeats for a day: only another key can have another
 * outcome. Whoever asks under that key is told the same.
 */
export class KeptFailureError extends TransientError {}

/** Stripe has heard the request and says no: the payment's present state tells what that means. */
export type Refusal = Stripe.errors.StripeCardError | Stripe.errors.StripeInvalidRequestError;

/** Whether Stripe has said no to the request itself, as against not having dealt with it. */
export function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof Stripe.errors.StripeCardError || error instanceof Stripe.errors.StripeInvalidRequestError
  );
}

/**
 * Runs a call and renames what may pass to TransientError: no answer, 5xx, 409 (the same key or object is at
 * work), 429, and a key that was just rotated. Refusals go through as they are, for the caller to judge; whatever
 * else Stripe says is final. Stripe's own errors quote the intent with its client secret, so that the wrapped
 * ones carry type, code and request id alone.
 * @param step what the call does, for the message: "capture the payment"
 */
export async function stripeCall<T>(step: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isRefusal(error)) throw error;
    if (isKept(error))
      throw new KeptFailureError(`Stripe failed to ${step}, and keeps to it`, briefly(error));
    if (mayPass(error)) throw new TransientError(`Stripe could not ${step} now`, briefly(error));
    throw asFinal(step, error);
  }
}

/** A refusal as a final error that quotes nothing; an error that is not Stripe's stays what it is. */
export function asFinal(step: string, error: unknown): Error {
  if (!(error instanceof Stripe.errors.StripeError)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  return new StripeRefusedError(`Stripe refuses to ${step}: ${error.code ?? error.type}`, briefly(error));
}

function mayPass(error: unknown): boolean {
  const { errors } = Stripe;
  return (
    error instanceof errors.StripeConnectionError ||
    error instanceof errors.StripeAPIError ||
    error instanceof errors.StripeRateLimitError ||
    error instanceof errors.StripeAuthenticationError
  );
}

function isKept(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeAPIError)) return false;
  // The library has one class for 5xx and for 409, a key that is at work, which is not kept.
  return (error.statusCode ?? 0) >= 500 && error.headers?.['idempotent-replayed'] === 'true';
}

function briefly(error: unknown): Error {
  if (!(error instanceof Stripe.errors.StripeError)) {
    return error instanceof Error ? error : new Error(String(error));
  }
  const { type, code = '-', statusCode = '-', requestId = '-' } = error;
  const brief = new Error(`${type} ${code}, status ${statusCode}, request ${requestId}`);
  // By which a query, and the runbook, know it.
  brief.name = type;
  return brief;
}
