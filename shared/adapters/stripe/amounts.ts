import { FinalError } from '../../errors.ts';
import { exponentOf } from '../../money/currency.ts';
import { type Money, money } from '../../money/money.ts';

/** An amount that Stripe's API has no number for; it is refused rather than rounded. */
export class AmountNotChargeableError extends FinalError {
  override readonly name = 'AmountNotChargeableError';
}

/**
 * Currencies whose amounts Stripe counts in another unit than ISO 4217 has, by Stripe's decimals. Króna and
 * Ugandan shilling have no minor unit any more but kept their two places at Stripe, always 00; the ariary has a
 * fifth as its minor unit and is whole at Stripe.
 * @see https://docs.stripe.com/currencies#special-cases
 */
const ownDecimals: Readonly<Record<string, number>> = { ISK: 2, UGX: 2, MGA: 0 };

/** Ours to Stripe's: integer units of the currency as Stripe counts them. @throws AmountNotChargeableError */
export function toStripeAmount({ amount, currency }: Money): number {
  const shift = (ownDecimals[currency] ?? exponentOf(currency)) - exponentOf(currency);
  const scaled = shift >= 0 ? amount * 10 ** shift : amount / 10 ** -shift;
  // The last of three decimals must be 0: the card networks settle two.
  const isSettled = exponentOf(currency) < 3 || scaled % 10 === 0;
  if (!Number.isSafeInteger(scaled) || !isSettled || exponentOf(currency) > 3) {
    throw new AmountNotChargeableError(`Stripe has no amount for ${amount} minor units of ${currency}`);
  }
  return scaled;
}

/** Stripe's to ours. @throws AmountNotChargeableError when it is no whole number of minor units */
export function fromStripeAmount(amount: number, lowerCaseCurrency: string): Money {
  const currency = lowerCaseCurrency.toUpperCase();
  const shift = (ownDecimals[currency] ?? exponentOf(currency)) - exponentOf(currency);
  const scaled = shift >= 0 ? amount / 10 ** shift : amount * 10 ** -shift;
  if (!Number.isSafeInteger(scaled)) {
    throw new AmountNotChargeableError(
      `${amount} of Stripe is no whole number of minor units of ${currency}`,
    );
  }
  return money(scaled, currency);
}
