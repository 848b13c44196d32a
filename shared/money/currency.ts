import * as z from 'zod';

const known = new Set(Intl.supportedValuesOf('currency'));

export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code in capitals, e.g. USD', abort: true })
  .refine((code) => known.has(code), 'is not an ISO 4217 currency');
