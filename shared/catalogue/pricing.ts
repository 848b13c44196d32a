import type { Money } from '../money/money.ts';
import type { Product } from './product.ts';

/** Where and in what a price is wished for. */
export interface Market {
  readonly currency: string;
  readonly region?: string | undefined;
}

/** The currency that prices are shown in when none is asked for. */
export const defaultCurrency = 'USD';

/** The price in a currency: the region's own if there is one, else the currency's; never converted. */
export function priceFor(product: Pick<Product, 'prices'>, { currency, region }: Market): Money | undefined {
  const inCurrency = product.prices.filter((price) => price.currency === currency);
  const regional = region === undefined ? undefined : inCurrency.find((price) => price.region === region);
  const price = regional ?? inCurrency.find((candidate) => candidate.region === undefined);
  return price && { amount: price.amount, currency: price.currency };
}

/**
 * The price to show. With a currency asked for it is that or nothing; without one it is the default
 * currency's, else the product's first.
 */
export function shownPrice(
  product: Pick<Product, 'prices'>,
  market: { currency?: string | undefined; region?: string | undefined },
): Money | undefined {
  const { currency = defaultCurrency, region } = market;
  const price = priceFor(product, { currency, region });
  if (price || market.currency !== undefined) {
    return price;
  }
  const [first] = product.prices;
  return (
    first &&
    (priceFor(product, { currency: first.currency, region }) ?? {
      amount: first.amount,
      currency: first.currency,
    })
  );
}
