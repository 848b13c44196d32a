import { exponentOf } from '../money/currency.ts';

type Decimal = `${number}`;
const isDecimal = (text: string): text is Decimal => /^\d+e-\d$/.test(text);

/**
 * Minor units as people read them: `1999`, `USD` is `$19.99`. With the currency's own decimals, and without a float
 * between: the number reaches the formatter as a decimal text.
 * @throws RangeError when the text is no whole number, or the currency none
 */
export function formatAmount(
  minorUnits: string,
  currency: string,
  currencyDisplay: 'symbol' | 'code' = 'symbol',
): string {
  const digits = exponentOf(currency);
  const decimal = `${minorUnits}e-${digits}`;
  if (!isDecimal(decimal)) throw new RangeError(`"${minorUnits}" is not an amount in minor units`);
  const format = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    currencyDisplay,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return format.format(decimal);
}

/** The same in the letters of a text message: a sign that GSM does not know, such as ₹, would halve its length. */
export function formatAmountInGsm(minorUnits: string, currency: string): string {
  const text = inGsm(formatAmount(minorUnits, currency));
  return isGsm(text) ? text : inGsm(formatAmount(minorUnits, currency, 'code'));
}

/** Spaces that do not break are none of GSM's. */
export function inGsm(text: string): string {
  return text.replaceAll(/[\u00a0\u2007\u2009\u202f]/g, ' ');
}

const isGsm = (text: string) => /^[\w $£¥.,-]*$/.test(text);
