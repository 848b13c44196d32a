import * as z from 'zod';
import { currencySchema } from './currency.ts';
import { divideRounded } from './rounding.ts';

/** An amount in integer minor units of its currency: `{ amount: 1999, currency: "USD" }` is $19.99. */
export const moneySchema = z.strictObject({
  amount: z.int().min(0).max(Number.MAX_SAFE_INTEGER).describe('Integer minor units of the currency'),
  currency: currencySchema,
});
export type Money = z.infer<typeof moneySchema>;

export function money(amount: number, currency: string): Money {
  if (!Number.isSafeInteger(amount)) {
    throw new RangeError(`Money is whole minor units, not ${amount}`);
  }
  return { amount, currency };
}

/** Whether both are the same amount of the same currency. */
export function sameMoney(one: Money, other: Money): boolean {
  return one.amount === other.amount && one.currency === other.currency;
}

/** Adds amounts of one currency; throws RangeError on a mixture or past 2^53. */
export function sum(parts: readonly Money[], currency: string): Money {
  return money(
    parts.reduce((total, part) => total + amountIn(part, currency), 0),
    currency,
  );
}

export function multiply(unit: Money, quantity: number): Money {
  return money(unit.amount * quantity, unit.currency);
}

/** A whole percentage of an amount, rounded down to whole minor units: a discount never exceeds its promise. */
export function percentOf(value: Money, percent: number): Money {
  return money(Number(divideRounded(BigInt(value.amount) * BigInt(percent), 100n, 'down')), value.currency);
}

function amountIn(value: Money, currency: string): number {
  if (value.currency !== currency) {
    throw new RangeError(`Cannot add ${value.currency} to ${currency}`);
  }
  return value.amount;
}
