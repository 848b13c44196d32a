import * as z from 'zod';

const known = new Set(Intl.supportedValuesOf('currency'));

export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code in capitals, e.g. USD', abort: true })
  .refine((code) => known.has(code), 'is not an ISO 4217 currency');

/**
 * Currencies whose minor unit is not a hundredth, by its number of decimals (ISO 4217, list one). Written down
 * because Intl follows CLDR, which shows some currencies with fewer decimals than they are traded in.
 */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
  3: 'BHD IQD JOD KWD LYD OMR TND'.split(' '),
  4: 'CLF UYW'.split(' '),
};
const exponents = new Map(
  Object.entries(exceptions).flatMap(([digits, codes]) =>
    codes.map((code) => [code, Number(digits)] as const),
  ),
);

/** Decimals of a currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD. */
export function exponentOf(currency: string): number {
  return exponents.get(currency) ?? 2;
}
