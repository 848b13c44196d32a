import { Problem } from '../api/problem.ts';
import { defaultCurrency, priceFor } from '../catalogue/pricing.ts';
import type { Product } from '../catalogue/product.ts';
import type { ProductReader } from '../catalogue/product-store.ts';
import type { Address, User } from '../identity/user.ts';
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
}

/**
 * The lines with the catalogue's own prices, in one read.
 * @throws Problem product_unknown · currency_unsupported, naming each line
 */
export async function priceLines(
  wished: readonly WishedLine[],
  market: { currency?: string | undefined; region?: string | undefined },
  products: Pick<ProductReader, 'findMany'>,
): Promise<{ lines: PricedLine[]; currency: string }> {
  const { currency = defaultCurrency, region } = market;
  const known = await products.findMany(wished.map((line) => line.productId));
  const unknown: number[] = [];
  const unpriced: number[] = [];
  const lines: PricedLine[] = [];
  wished.forEach(({ productId, quantity }, index) => {
    const product = known.get(productId);
    const unitPrice = product && priceFor(product, { currency, region });
    if (!product || product.archived) unknown.push(index);
    else if (!unitPrice) unpriced.push(index);
    else lines.push({ product, quantity, unitPrice });
  });
  if (unknown.length > 0) {
    const message = 'is not a product that is sold';
    const errors = unknown.map((index) => ({ path: `/items/${index}/productId`, message }));
    throw new Problem('product_unknown', 'Some products do not exist; see errors.', { errors });
  }
  if (unpriced.length > 0) {
    const message = `has no price in ${currency}`;
    const errors = unpriced.map((index) => ({ path: `/items/${index}/productId`, message }));
    throw new Problem('currency_unsupported', `Not everything is sold in ${currency}.`, { errors });
  }
  return { lines, currency };
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

export function orderItem({ product, quantity, unitPrice }: PricedLine): OrderItem {
  const { productId, name, category } = product;
  return { productId, name, category, quantity, unitPrice, allocated: 0, status: 'pending' };
}
