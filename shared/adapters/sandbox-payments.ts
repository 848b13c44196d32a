import { TransientError } from '../errors.ts';
import { countries } from '../identity/countries.ts';
import {
  type PaymentProvider,
  type PaymentReference,
  ProviderChangedError,
} from '../payments/payment-provider.ts';
import type { AuthorizationResult } from '../payments/payment-record.ts';

/**
 * A provider without money and without memory: its answers follow from the payment method's name alone, the
 * names being Stripe's test methods, those of countries such as `pm_card_gb` included, and our `pm_flaky_N` and
 * `pm_timeout`. Since every answer is a pure
 * function of the request, repetitions are idempotent by nature.
 * @see https://docs.stripe.com/testing for the names
 */
export function createSandboxProvider(): PaymentProvider {
  return {
    name: 'sandbox',
    async authorize({ orderId, paymentMethod, attempt }) {
      return answer(paymentMethod, attempt, `sandbox_${orderId}`);
    },
    async capture(payment) {
      expectOurs(payment);
    },
    async void(payment) {
      expectOurs(payment);
      return 'voided';
    },
    async refund(payment) {
      expectOurs(payment);
    },
  };
}

/** A payment of a provider that the stage had before: nothing could be done about its money here. */
function expectOurs({ orderId, paymentId = '' }: PaymentReference): void {
  if (paymentId === '' || paymentId.startsWith('sandbox_')) return;
  throw new ProviderChangedError(`The payment of order ${orderId} is not with the sandbox`);
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
      return succeeded(paymentMethod, paymentId);
  }
}

function succeeded(paymentMethod: string, paymentId: string): AuthorizationResult {
  const paymentCountry = countryOf(paymentMethod);
  if (paymentCountry !== undefined) {
    return { status: 'authorized', paymentId, fraudFlag: false, paymentCountry };
  }
  return isKnown(paymentMethod)
    ? { status: 'authorized', paymentId, fraudFlag: false }
    : { status: 'declined', paymentId };
}

/** Of `pm_card_gb`, `pm_card_de` and so on; all other names tell none. */
function countryOf(paymentMethod: string): string | undefined {
  const code = /^pm_card_([a-z]{2})$/.exec(paymentMethod)?.[1]?.toUpperCase();
  return code !== undefined && countries.has(code) ? code : undefined;
}

/** A provider declines what it does not know rather than charging it. */
function isKnown(paymentMethod: string): boolean {
  return /^pm_(card_(visa|mastercard|amex|discover)|flaky_\d{1,3})$/.test(paymentMethod);
}
