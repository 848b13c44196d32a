/** How the sandbox and the profile show a test payment method. Brand and digits follow Stripe's test cards. */
export function describePaymentMethod(token: string): { brand: string; last4: string } {
  return { brand: brandOf(token), last4: lastDigits[token] ?? '0000' };
}

const lastDigits: Readonly<Record<string, string>> = {
  pm_card_visa: '4242',
  pm_card_mastercard: '4444',
  pm_card_amex: '8431',
  pm_card_visa_chargeDeclined: '0002',
  pm_card_radarBlock: '9235',
  pm_card_riskLevelElevated: '9235',
};

/** Brand and digits of a method; neither of one that is no test method, whose name does not tell them. */
export function knownFace({ brand, last4 }: { brand: string; last4: string }): {
  brand?: string;
  last4?: string;
} {
  return brand === unknownBrand ? {} : { brand, last4 };
}

const unknownBrand = 'unknown';

function brandOf(token: string): string {
  const brand = /^pm_card_(visa|mastercard|amex|discover)/.exec(token)?.[1];
  return brand ?? (token.startsWith('pm_card_') ? 'visa' : unknownBrand);
}
