import type Stripe from 'stripe';

/** What the card network and Radar say to a test payment method. */
export interface MethodBehaviour {
  readonly brand: string;
  readonly last4: string;
  readonly outcome: 'authorized' | 'declined' | 'blocked' | 'requires_action';
  /** The card's, ISO 3166-1 alpha-2; US when it is not said. */
  readonly country?: string;
  readonly riskLevel?: 'elevated' | 'highest';
  readonly code?: Stripe.PaymentIntent.LastPaymentError['code'];
  readonly declineCode?: string;
  /** Its refund is not done at once. */
  readonly refund?: 'pends';
}

const visa = { brand: 'visa', last4: '4242', outcome: 'authorized' } as const;

const declined = (declineCode: string, last4: string, code = 'card_declined'): MethodBehaviour => ({
  brand: 'visa',
  last4,
  outcome: 'declined',
  code,
  declineCode,
});

const methods: Readonly<Record<string, MethodBehaviour>> = {
  pm_card_visa: visa,
  pm_card_visa_debit: { ...visa, last4: '5556' },
  pm_card_mastercard: { ...visa, brand: 'mastercard', last4: '4444' },
  pm_card_amex: { ...visa, brand: 'amex', last4: '8431' },
  pm_card_discover: { ...visa, brand: 'discover', last4: '1117' },
  pm_card_us: visa,
  pm_card_gb: { ...visa, country: 'GB' },
  pm_card_de: { ...visa, country: 'DE' },
  pm_card_jp: { ...visa, country: 'JP' },
  pm_card_visa_chargeDeclined: declined('generic_decline', '0002'),
  pm_card_chargeDeclined: declined('generic_decline', '0002'),
  pm_card_visa_chargeDeclinedInsufficientFunds: declined('insufficient_funds', '9995'),
  pm_card_visa_chargeDeclinedLostCard: declined('lost_card', '9987'),
  pm_card_visa_chargeDeclinedStolenCard: declined('stolen_card', '9979'),
  pm_card_visa_chargeDeclinedVelocityLimitExceeded: declined('card_velocity_exceeded', '6975'),
  // The issuer suspects fraud here; Radar does in pm_card_radarBlock. Only the charge's outcome tells them apart.
  pm_card_visa_chargeDeclinedFraudulent: declined('fraudulent', '0019'),
  pm_card_chargeDeclinedExpiredCard: declined('expired_card', '0069', 'expired_card'),
  pm_card_chargeDeclinedIncorrectCvc: declined('incorrect_cvc', '0127', 'incorrect_cvc'),
  pm_card_chargeDeclinedProcessingError: declined('processing_error', '0119', 'processing_error'),
  pm_card_radarBlock: {
    brand: 'visa',
    last4: '0019',
    outcome: 'blocked',
    riskLevel: 'highest',
    code: 'card_declined',
    declineCode: 'fraudulent',
  },
  pm_card_riskLevelElevated: { ...visa, last4: '9235', riskLevel: 'elevated' },
  pm_card_riskLevelHighest: { ...visa, last4: '4954', riskLevel: 'highest' },
  pm_card_authenticationRequired: { ...visa, last4: '3184', outcome: 'requires_action' },
  pm_card_threeDSecure2Required: { ...visa, last4: '3220', outcome: 'requires_action' },
  // Its refund fails when a test says so, by settleRefund.
  pm_card_refundFail: { ...visa, last4: '5126' },
  pm_card_pendingRefund: { ...visa, last4: '7726', refund: 'pends' },
};

/** As the browser gets them for a card that somebody types in. */
const madeByBrowser = /^pm_1[A-Za-z0-9]+$/;

/** @see https://docs.stripe.com/testing for the names; undefined is a payment method that does not exist */
export function methodBehaviour(name: string): MethodBehaviour | undefined {
  return methods[name] ?? (madeByBrowser.test(name) ? visa : undefined);
}
