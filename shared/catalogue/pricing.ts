import { convert, type RateTable } from '../money/exchange.ts';
import type { Money } from '../money/money.ts';
import { maximumAmount, type Price, type Product } from './product.ts';

type Priced = Pick<Product, 'prices'>;

/** Where and in what a price is wished for; without a currency, in what the shop names it in. */
export interface Market {
  readonly currency?: string | undefined;
  readonly region?: string | undefined;
}

/** The currency that prices are shown in when none is asked for, and converted from where there is a choice. */
export const defaultCurrency = 'USD';

/** A price with where it comes from. */
export interface Quote {
  readonly price: Money;
  /** The set price that was converted; absent when `price` itself was set. */
  readonly convertedFrom?: Money;
  /** Which of the catalogue's lists by price the product stands in for this market, and its amount there. */
  readonly listed: { readonly list: string; readonly amount: number };
}

/** Names of the lists by price: of a currency, of a region's overrides, and of what has no dollar price at all. */
export const priceList = (currency: string, region?: string) =>
  region === undefined ? currency : `${currency}#${region}`;
export const sourceList = (currency: string) => `=${currency}`;

/**
 * The price in a market: the region's own, else the currency's, else (with rates) the source price converted.
 * Without a currency it is the default currency's, else the source price as it is.
 */
export function quote(product: Priced, market: Market, rates?: RateTable): Quote | undefined {
  const { currency = defaultCurrency, region } = market;
  const set = setPrice(product, currency, region);
  if (set) {
    return { price: moneyOf(set), listed: { list: priceList(currency, set.region), amount: set.amount } };
  }
  const source = sourcePrice(product);
  if (market.currency === undefined) {
    const shown = source ?? product.prices[0];
    return shown && { price: moneyOf(shown), listed: listedAs(shown) };
  }
  const price = source && convert(moneyOf(source), currency, rates);
  // What no price could be set to is not charged by way of a rate either.
  return source && price && price.amount <= maximumAmount
    ? { price, convertedFrom: moneyOf(source), listed: listedAs(source) }
    : undefined;
}

/** Whether the product's price in the market takes a rate. */
export function needsRates(product: Priced, market: Market): boolean {
  return market.currency !== undefined && !setPrice(product, market.currency, market.region);
}

/** Where a product without a set price is listed: it stands in the list of the price that is converted. */
export function listedAs({ currency, amount, region }: Price): Quote['listed'] {
  const isDefault = currency === defaultCurrency && region === undefined;
  return { list: isDefault ? priceList(currency) : sourceList(currency), amount };
}

/** What is converted from: the default currency's price, else the first that holds everywhere. */
export function sourcePrice({ prices }: Priced): Price | undefined {
  const everywhere = prices.filter((price) => price.region === undefined);
  return everywhere.find((price) => price.currency === defaultCurrency) ?? everywhere[0];
}

function setPrice({ prices }: Priced, currency: string, region: string | undefined): Price | undefined {
  const inCurrency = prices.filter((price) => price.currency === currency);
  const regional = region === undefined ? undefined : inCurrency.find((price) => price.region === region);
  return regional ?? inCurrency.find((candidate) => candidate.region === undefined);
}

function moneyOf({ amount, currency }: Price): Money {
  return { amount, currency };
}
