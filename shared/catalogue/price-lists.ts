import { convert, type RateTable } from '../money/exchange.ts';
import { defaultCurrency, type Market, priceList, sourceList } from './pricing.ts';
import { maximumAmount } from './product.ts';

/** A list of products by one of their set prices, and what such a price is in the market. */
export interface PriceListRange {
  readonly list: string;
  /** Bounds of the list's own amounts, inclusive. */
  readonly from: number;
  readonly to: number;
  /** The price in the market of an amount of the list. */
  amountOf(amount: number): number | undefined;
}

interface Range {
  readonly minPrice?: number | undefined;
  readonly maxPrice?: number | undefined;
}

/**
 * The lists that together hold every product with a price in the market, each with the part whose prices lie in
 * the range. Conversion never reverses an order, so each list is in the order of the market's prices too.
 * @param sources currencies of products that have no price in the default currency
 */
export function priceLists(
  market: Market,
  rates: RateTable | undefined,
  sources: readonly string[],
  range: Range,
): PriceListRange[] {
  const { currency = defaultCurrency, region } = market;
  const same = (amount: number) => amount;
  const converted = (from: string) => (amount: number) =>
    convert({ amount, currency: from }, currency, rates)?.amount;
  const lists: [string, (amount: number) => number | undefined][] = [
    [priceList(currency), same],
    ...(region === undefined ? [] : [[priceList(currency, region), same] satisfies [string, typeof same]]),
  ];
  if (currency !== defaultCurrency) lists.push([priceList(defaultCurrency), converted(defaultCurrency)]);
  for (const source of sources) {
    lists.push([sourceList(source), market.currency === undefined ? same : converted(source)]);
  }
  return lists.flatMap(([list, amountOf]) => {
    if (amountOf(0) === undefined) return [];
    const from = firstWhere((amount) => reaches(amountOf(amount), range.minPrice ?? 0));
    const to = firstWhere((amount) => reaches(amountOf(amount), (range.maxPrice ?? maximumAmount) + 1)) - 1;
    return from <= to ? [{ list, from, to, amountOf }] : [];
  });
}

function reaches(amount: number | undefined, least: number): boolean {
  return amount === undefined || amount >= least;
}

/** The least amount for which a condition holds that holds for all greater ones too; one past the greatest if none. */
function firstWhere(holds: (amount: number) => boolean): number {
  let low = 0;
  let high = maximumAmount + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
