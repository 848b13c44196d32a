/** Where a division of money leaves a rest: to the nearest whole unit, halves up; or down to the whole unit. */
export type Rounding = 'half-up' | 'down';

/**
 * The one place where money is rounded. Takes and answers whole numbers, neither below zero.
 * Halves go up, as Regulation (EC) 1103/97 article 5 asks for conversions; `down` is for discounts, which must
 * never exceed what was promised.
 */
export function divideRounded(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (numerator < 0n || denominator <= 0n) {
    throw new RangeError(`Cannot divide ${numerator} by ${denominator}`);
  }
  return rounding === 'down' ? numerator / denominator : (2n * numerator + denominator) / (2n * denominator);
}
