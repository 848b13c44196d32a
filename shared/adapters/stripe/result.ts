import type Stripe from 'stripe';
import { TransientError } from '../../errors.ts';
import type { AuthorizationResult } from '../../payments/payment-record.ts';

/**
 * What an intent says about its authorization; undefined while the card has not been asked.
 * @throws TransientError while Stripe is at it
 */
export function resultOf(intent: Stripe.PaymentIntent): AuthorizationResult | undefined {
  const paymentId = intent.id;
  switch (intent.status) {
    case 'requires_capture':
    case 'succeeded':
      return { status: 'authorized', paymentId, ...riskOf(chargeOf(intent)) };
    case 'processing':
      throw new TransientError(`Stripe is still at payment ${paymentId}`);
    case 'requires_payment_method':
    case 'requires_confirmation':
      if (intent.last_payment_error === null) return undefined;
      return { status: isBlocked(chargeOf(intent)) ? 'blocked' : 'declined', paymentId };
    default:
      // Canceled; or an action is required and nobody is there to take it.
      return { status: 'declined', paymentId };
  }
}

/** The charge of an intent that was read with `expand: ['latest_charge']`. */
export function chargeOf({ latest_charge }: Stripe.PaymentIntent): Stripe.Charge | undefined {
  return typeof latest_charge === 'object' && latest_charge !== null ? latest_charge : undefined;
}

/** What Radar suspects of a payment that it let through, and where the card is from. */
export function riskOf(charge: Stripe.Charge | undefined): { fraudFlag: boolean; paymentCountry?: string } {
  const { type, risk_level = 'normal' } = charge?.outcome ?? {};
  const country = charge?.payment_method_details?.card?.country;
  return {
    fraudFlag: type === 'manual_review' || risk_level === 'elevated' || risk_level === 'highest',
    ...(country ? { paymentCountry: country } : {}),
  };
}

/** Radar's own no; an issuer that suspects fraud uses the same decline code but declines. */
function isBlocked(charge: Stripe.Charge | undefined): boolean {
  return charge?.outcome?.type === 'blocked';
}
