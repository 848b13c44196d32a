import type { ClientInfo } from '../api/route.ts';
import type { User } from '../identity/user.ts';
import { convert, type ExchangeRates, type RateTable } from '../money/exchange.ts';
import type { Money } from '../money/money.ts';
import { logger } from '../observability/logger.ts';
import { type FraudFacts, placementCountry, setLimit } from './fraud-rules.ts';
import type { FraudRules } from './fraud-settings.ts';

interface PlacedBy {
  readonly user: User;
  readonly client: ClientInfo;
  readonly currency: string;
  /** The rates that prices were converted by, where any was. */
  readonly exchange: RateTable | undefined;
  readonly at: Date;
}

interface FactPorts {
  readonly rules: FraudRules;
  readonly rates: ExchangeRates;
}

/**
 * What a fresh order tells the rules, from what its placing has read anyhow. Rates are read for a first order
 * alone, in a currency that neither has a limit of its own nor needed rates for its prices.
 */
export async function gatherFraudFacts(placed: PlacedBy, ports: FactPorts): Promise<FraudFacts> {
  const { user, client } = placed;
  const placedIn = placementCountry(client.region, user.region);
  const limit = user.orderCount === 0 ? await firstOrderLimit(placed, ports) : undefined;
  return {
    paidOrders: user.orderCount,
    ...(placedIn === undefined ? {} : { placedIn }),
    ...(limit ? { firstOrderLimit: limit } : {}),
  };
}

async function firstOrderLimit(
  { currency, exchange, at }: PlacedBy,
  { rules, rates }: FactPorts,
): Promise<Money | undefined> {
  const rule = rules.firstOrderAmount;
  if (!rule.enabled) return undefined;
  const limit =
    setLimit(rule, currency) ??
    convert(rule.limit, currency, exchange) ??
    convert(rule.limit, currency, await rates.inEffect(at));
  if (!limit) logger.warn('first orders in this currency have no limit', { currency });
  return limit;
}
