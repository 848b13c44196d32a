import type * as z from 'zod';
import type { RateTable } from '../money/exchange.ts';
import type { Money } from '../money/money.ts';
import { type Market, quote } from './pricing.ts';
import type { Product } from './product.ts';
import type { productSchema } from './product-routes.ts';

export type ProductView = z.input<typeof productSchema>;
export type Availability = ProductView['availability'];

export interface ViewOptions extends Market {
  /** Staff also see stock, thresholds, who wrote and the audit trail. */
  readonly staff?: boolean;
  /** Without them no price is converted. */
  readonly rates?: RateTable | undefined;
}

export function availability(product: Pick<Product, 'availableCount' | 'lowStockThreshold'>): Availability {
  if (product.availableCount <= 0) return 'out_of_stock';
  return product.availableCount <= product.lowStockThreshold ? 'low_stock' : 'in_stock';
}

/** The contract's Product; undefined when it has no price in the currency that was asked for. */
export function productView(product: Product, options: ViewOptions = {}): ProductView | undefined {
  const found = quote(product, options, options.rates);
  return found && view(product, found.price, options.staff ?? false);
}

function view(product: Product, price: Money, staff: boolean): ProductView {
  return {
    productId: product.productId,
    name: product.name,
    description: product.description,
    category: product.category,
    ...(product.imageUrl === undefined ? {} : { imageUrl: product.imageUrl }),
    price,
    prices: product.prices,
    availability: availability(product),
    createdAt: product.createdAt,
    updatedAt: product.updatedAt,
    version: product.version,
    ...(staff ? staffFields(product) : {}),
  };
}

function staffFields(product: Product) {
  const { stockCount, availableCount, lowStockThreshold, createdBy, updatedBy, auditLogs } = product;
  return { stockCount, availableCount, lowStockThreshold, createdBy, updatedBy, auditLogs };
}
