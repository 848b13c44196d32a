import * as z from 'zod';
import { countries } from '../identity/countries.ts';
import { type Money, moneySchema } from '../money/money.ts';
import type { FraudReason } from './fraud-reason.ts';
import type { FraudRules, VelocitySettings } from './fraud-settings.ts';
import type { RecentOrders } from './velocity.ts';

/**
 * What is known of an order before it is paid, kept on it so that a rule sees the same however often it is
 * asked. It tells about the customer, so an erasure takes it away.
 */
export const fraudFactsSchema = z.strictObject({
  /** How many orders the customer had paid when this one was placed. */
  paidOrders: z.int(),
  /** The country it was placed from, else the one that the account was made from; absent when neither is known. */
  placedIn: z.string().optional(),
  /** Of a first order, in its own currency; absent when there is none or none can be told. */
  firstOrderLimit: moneySchema.optional(),
  /** Counted when the order was validated, over the window that ends with its placing. */
  recentOrders: z
    .strictObject({ userVelocity: z.int().optional(), addressVelocity: z.int().optional() })
    .optional(),
});
export type FraudFacts = z.infer<typeof fraudFactsSchema>;

/** What the rules look at. A fact that is not known breaks no rule. */
export interface Suspect {
  readonly total: Money;
  readonly deliveryCountry: string | undefined;
  readonly facts: FraudFacts | undefined;
  /** The provider's answer to the authorization. */
  readonly payment: {
    readonly provider: string;
    readonly fraudFlag: boolean;
    readonly country?: string | undefined;
  };
}

/** Why the order should be looked at by a person; nothing when it need not. The provider's own flag comes first. */
export function judge(rules: FraudRules, suspect: Suspect): FraudReason[] {
  const { payment } = suspect;
  return [
    ...(payment.fraudFlag ? [{ code: 'provider_risk' as const, facts: { provider: payment.provider } }] : []),
    ...velocity('user_velocity', rules.userVelocity, recent(suspect).userVelocity),
    ...velocity('address_velocity', rules.addressVelocity, recent(suspect).addressVelocity),
    ...countryMismatch(rules.countryMismatch, suspect),
    ...firstOrderAmount(rules.firstOrderAmount, suspect),
  ];
}

function recent({ facts }: Suspect): RecentOrders {
  return facts?.recentOrders ?? {};
}

function velocity(
  code: 'user_velocity' | 'address_velocity',
  { enabled, maxOrders, windowSeconds }: VelocitySettings,
  orders = 0,
): FraudReason[] {
  return enabled && orders > maxOrders ? [{ code, facts: { orders, limit: maxOrders, windowSeconds } }] : [];
}

function countryMismatch(
  {
    enabled,
    compare,
    alike,
    exemptAfterPaidOrders = Number.POSITIVE_INFINITY,
  }: FraudRules['countryMismatch'],
  { deliveryCountry: delivery, facts, payment }: Suspect,
): FraudReason[] {
  if (!enabled || delivery === undefined || (facts?.paidOrders ?? 0) >= exemptAfterPaidOrders) return [];
  const isOther = (country: string | undefined): country is string =>
    country !== undefined &&
    country !== delivery &&
    !alike.some((group) => group.includes(country) && group.includes(delivery));
  const others = {
    ...(compare.includes('payment') && isOther(payment.country) ? { payment: payment.country } : {}),
    ...(compare.includes('placement') && isOther(facts?.placedIn) ? { placement: facts?.placedIn } : {}),
  };
  return Object.keys(others).length > 0 ? [{ code: 'country_mismatch', facts: { delivery, ...others } }] : [];
}

function firstOrderAmount(
  { enabled }: FraudRules['firstOrderAmount'],
  { total, facts }: Suspect,
): FraudReason[] {
  const limit = facts?.firstOrderLimit;
  if (!enabled || limit?.currency !== total.currency || total.amount <= limit.amount) return [];
  return [{ code: 'first_order_amount', facts: { total, limit } }];
}

/** The limit that is set for a currency. */
export function setLimit(
  { limit, limits }: FraudRules['firstOrderAmount'],
  currency: string,
): Money | undefined {
  return [limit, ...limits].find((candidate) => candidate.currency === currency);
}

/**
 * The country that a request was seen in, else the one that the account was made from. What the gateway could
 * not place (`local`, `unknown`, CloudFront's codes of anonymous networks) is no country.
 */
export function placementCountry(requestRegion: string, accountRegion: string): string | undefined {
  return [requestRegion, accountRegion].find((region) => countries.has(region));
}
