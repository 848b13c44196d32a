import * as z from 'zod';
import { currencySchema, exponentOf } from './currency.ts';
import { type Money, money } from './money.ts';
import { divideRounded } from './rounding.ts';

/** Decimals that a rate can have. */
const rateDecimals = 9;
export const maximumRates = 60;

/** A decimal in a string, so that no float is ever between what was typed and what is charged. */
export const rateSchema = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal such as "0.92", with 9 digits at most on either side')
  .refine((rate) => /[1-9]/.test(rate), 'must be above zero');

export const ratesSchema = z
  .record(currencySchema, rateSchema)
  .refine((rates) => Object.keys(rates).length > 0, 'must have at least one rate')
  .refine((rates) => Object.keys(rates).length <= maximumRates, `must have ${maximumRates} rates at most`);

/** What one major unit of `base` is worth in other currencies, from a moment on. */
export const rateTableSchema = z.strictObject({
  base: currencySchema,
  effectiveAt: z.iso.datetime(),
  rates: z.record(z.string(), rateSchema),
});
export type RateTable = z.infer<typeof rateTableSchema>;

export interface ExchangeRates {
  /** The table in effect at a moment; undefined while there is none. One cheap read. */
  inEffect(at: Date): Promise<RateTable | undefined>;
}

/**
 * The amount in another currency, rounded half up to that currency's own minor unit; undefined when the table
 * lacks a rate or the result is no safe integer. Never falls when the amount rises.
 */
export function convert(value: Money, to: string, table: RateTable | undefined): Money | undefined {
  if (value.currency === to) return value;
  const from = table && rateOf(table, value.currency);
  const into = table && rateOf(table, to);
  if (from === undefined || into === undefined) return undefined;
  const numerator = BigInt(value.amount) * into * 10n ** BigInt(exponentOf(to));
  const denominator = from * 10n ** BigInt(exponentOf(value.currency));
  const amount = divideRounded(numerator, denominator, 'half-up');
  return amount <= BigInt(Number.MAX_SAFE_INTEGER) ? money(Number(amount), to) : undefined;
}

/** The table with only the rates that the currencies need: what an order keeps. */
export function excerpt(table: RateTable, currencies: readonly string[]): RateTable {
  const wanted = Object.entries(table.rates).filter(([currency]) => currencies.includes(currency));
  return { ...table, rates: Object.fromEntries(wanted) };
}

/** Billionths of a unit of the currency for one unit of the table's base. */
function rateOf(table: RateTable, currency: string): bigint | undefined {
  const rate = currency === table.base ? '1' : table.rates[currency];
  if (rate === undefined) return undefined;
  const [whole = '0', fraction = ''] = rate.split('.');
  return BigInt(whole + fraction.padEnd(rateDecimals, '0'));
}
