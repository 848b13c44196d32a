import { TransientError } from '../errors.ts';
import type { PaymentProvider } from '../payments/payment-provider.ts';
import type { AuthorizationResult } from '../payments/payment-record.ts';

/**
 * A provider without money and without memory: its answers follow from the payment method's name alone, the
 * names being Stripe's test methods and our `pm_flaky_N` and `pm_timeout`. Since every answer is a pure
 * function of the request, repetitions are idempotent by nature.
 * @see https://docs.stripe.com/testing for the names
 */
export function createSandboxProvider(): PaymentProvider {
  return {
    name: 'sandbox',
    async authorize({ orderId, paymentMethod, attempt }) {
      return answer(paymentMethod, attempt, `sandbox_${orderId}`);
    },
    async capture() {},
    async void() {
      return 'voided';
    },
    async refund() {},
  };
}

function answer(paymentMethod: string, attempt: number, paymentId: string): AuthorizationResult {
  const failures = Number(/^pm_flaky_(\d{1,3})$/.exec(paymentMethod)?.[1] ?? 0);
  if (attempt <= failures) {
    throw new TransientError(`The sandbox fails attempt ${attempt} of ${failures} on purpose`);
  }
  switch (paymentMethod) {
    case 'pm_timeout':
      throw new TransientError('The sandbox does not answer on purpose');
    case 'pm_card_visa_chargeDeclined':
    case 'pm_card_chargeDeclined':
      return { status: 'declined', paymentId };
    case 'pm_card_radarBlock':
      return { status: 'blocked', paymentId };
    case 'pm_card_riskLevelElevated':
      return { status: 'authorized', paymentId, fraudFlag: true };
    default:
      return isKnown(paymentMethod)
        ? { status: 'authorized', paymentId, fraudFlag: false }
        : { status: 'declined', paymentId };
  }
}

/** A provider declines what it does not know rather than charging it. */
function isKnown(paymentMethod: string): boolean {
  return /^pm_(card_(visa|mastercard|amex|discover)|flaky_\d{1,3})$/.test(paymentMethod);
}
