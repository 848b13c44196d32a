import { Problem } from '../api/problem.ts';
import { defaultCurrency, needsRates, type Quote, quote } from '../catalogue/pricing.ts';
import type { Product } from '../catalogue/product.ts';
import type { ProductReader } from '../catalogue/product-store.ts';
import type { Address, User } from '../identity/user.ts';
import { type ExchangeRates, excerpt, type RateTable } from '../money/exchange.ts';
import type { Money } from '../money/money.ts';
import type { OrderItem } from './order.ts';

export interface WishedLine {
  readonly productId: string;
  readonly quantity: number;
}

export interface PricedLine {
  readonly product: Product;
  readonly quantity: number;
  readonly unitPrice: Money;
  /** The set price that the unit price was converted from. */
  readonly convertedFrom?: Money;
}

export interface PricedLines {
  readonly lines: PricedLine[];
  readonly currency: string;
  /** The rates that were used, with their date; absent when every price was a set one. */
  readonly exchange?: RateTable;
}

export interface PricingPorts {
  readonly products: Pick<ProductReader, 'findMany'>;
  readonly rates: ExchangeRates;
}

/**
 * The lines with the catalogue's own prices, in one read; one more for the rates when a price must be converted.
 * @throws Problem product_unknown · currency_unsupported, naming each line
 */
export async function priceLines(
  wished: readonly WishedLine[],
  wishedMarket: { currency?: string | undefined; region?: string | undefined },
  now: Date,
  ports: PricingPorts,
): Promise<PricedLines> {
  const market = { ...wishedMarket, currency: wishedMarket.currency ?? defaultCurrency };
  const { currency } = market;
  const known = await ports.products.findMany(wished.map((line) => line.productId));
  const isConverted = [...known.values()].some((product) => needsRates(product, market));
  const rates = isConverted ? await ports.rates.inEffect(now) : undefined;
  const unknown: number[] = [];
  const unpriced: number[] = [];
  const lines: PricedLine[] = [];
  wished.forEach(({ productId, quantity }, index) => {
    const product = known.get(productId);
    const found = product && quote(product, market, rates);
    if (!product || product.archived) unknown.push(index);
    else if (!found) unpriced.push(index);
    else lines.push({ product, quantity, ...pricesOf(found) });
  });
  if (unknown.length > 0) {
    const message = 'is not a product that is sold';
    const errors = unknown.map((index) => ({ path: `/items/${index}/productId`, message }));
    throw new Problem('product_unknown', 'Some products do not exist; see errors.', { errors });
  }
  if (unpriced.length > 0) {
    const message = `has no price in ${currency}, nor is there a rate to convert one`;
    const errors = unpriced.map((index) => ({ path: `/items/${index}/productId`, message }));
    throw new Problem('currency_unsupported', `Not everything is sold in ${currency}.`, { errors });
  }
  const converted = lines.flatMap(({ convertedFrom }) => convertedFrom?.currency ?? []);
  const isUsed = rates && converted.length > 0;
  return { lines, currency, ...(isUsed ? { exchange: excerpt(rates, [currency, ...converted]) } : {}) };
}

function pricesOf({ price, convertedFrom }: Quote) {
  return { unitPrice: price, ...(convertedFrom ? { convertedFrom } : {}) };
}

/**
 * The address of a label, else the default one; undefined when the profile has none yet.
 * @throws Problem address_unknown
 */
export function chooseAddress(user: User, label: string | undefined): Address | undefined {
  if (label === undefined) {
    return user.addresses.find((address) => address.isDefault) ?? user.addresses[0];
  }
  const address = user.addresses.find((candidate) => candidate.label === label);
  if (!address) {
    throw new Problem('address_unknown', 'The profile has no address of that label.', {
      errors: [{ path: '/addressLabel', message: 'is not the label of a saved address' }],
    });
  }
  return address;
}

export function orderItem({ product, quantity, ...prices }: PricedLine): OrderItem {
  const { productId, name, category } = product;
  return { productId, name, category, quantity, ...prices, allocated: 0, status: 'pending' };
}
