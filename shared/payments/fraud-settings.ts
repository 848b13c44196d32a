import * as z from 'zod';
import { countrySchema } from '../identity/user.ts';
import { moneySchema } from '../money/money.ts';

/** A window is counted in this many slots, so its length must be a multiple of it. */
export const slotsPerWindow = 12;
const day = 24 * 60 * 60;

const velocitySchema = z.strictObject({
  enabled: z.boolean(),
  windowSeconds: z
    .int()
    .min(60)
    .max(7 * day)
    .multipleOf(slotsPerWindow),
  /** So many orders within a window are usual, the one at hand included; with more it is held. */
  maxOrders: z.int().positive(),
});

const comparedWithDelivery = z.enum([
  /** The country that issued the card, where the provider tells it. */
  'payment',
  /** The country that the order was placed from; where that is not known, the one the account is from. */
  'placement',
]);

const isDistinct = (values: readonly unknown[]) => new Set(values).size === values.length;

/** Our own fraud rules beside the provider's; docs/fraud.md says how to tune them. */
export const fraudRulesSchema = z.strictObject({
  userVelocity: velocitySchema,
  /** Wider than for a user: an office, a household or a mobile network may stand behind one address. */
  addressVelocity: velocitySchema,
  countryMismatch: z.strictObject({
    enabled: z.boolean(),
    compare: z.array(comparedWithDelivery).min(1).refine(isDistinct, 'names one twice'),
    /** Groups of countries that count as one. */
    alike: z.array(z.array(countrySchema).min(2)),
    /** Customers who have paid so many orders are not asked any more; left out, everybody is. */
    exemptAfterPaidOrders: z.int().positive().optional(),
  }),
  firstOrderAmount: z.strictObject({
    enabled: z.boolean(),
    /** A first order of more is held. In other currencies: what this is worth by the rates of the day. */
    limit: moneySchema,
    /** Limits set for other currencies, which go before the converted one. */
    limits: z
      .array(moneySchema)
      .refine((limits) => isDistinct(limits.map(({ currency }) => currency)), 'names a currency twice'),
  }),
});
export type FraudRules = Readonly<z.infer<typeof fraudRulesSchema>>;
export type VelocitySettings = FraudRules['userVelocity'];
