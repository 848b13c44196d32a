import * as z from 'zod';
import type { Page, PageRequest } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import { shownPrice } from './pricing.ts';
import type { Product } from './product.ts';
import type { ProductFilter, ProductSearch, ProductStore } from './product-store.ts';

/** How many matching products can be ranked by a price that no index is ordered by. */
const maximumRanked = 1000;
const productsPerRead = 100;

const positionSchema = z.strictObject({
  sort: z.enum(['price', '-price']),
  amount: z.string().regex(/^\d{1,16}$/),
  productId: z.string(),
});

interface Ranked {
  readonly product: Product;
  readonly amount: number;
}

/**
 * A page of products in the order of their price in a market, ties by id.
 * @throws Problem validation_failed when more match than can be ranked
 */
export async function rankByPrice(
  products: Pick<ProductStore, 'list'>,
  search: ProductSearch & { sort: 'price' | '-price' },
  keep: ProductFilter,
  market: { currency?: string | undefined; region?: string | undefined },
  page: PageRequest,
): Promise<Page<Product>> {
  const direction = search.sort === 'price' ? 1 : -1;
  const compare = (a: Ranked, b: Ranked) =>
    direction * (a.amount - b.amount || (a.product.productId < b.product.productId ? -1 : 1));
  const matching = await readMatching(products, search, keep);
  const ranked = matching
    .map((product) => ({ product, amount: shownPrice(product, market)?.amount ?? 0 }))
    .sort(compare);
  const after = page.after && readPosition(page.after, search.sort);
  const rest = after ? ranked.filter((entry) => isAfter(entry, after, direction)) : ranked;
  const shown = rest.slice(0, page.limit);
  const last = rest.length > page.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(({ product }) => product),
    ...(last
      ? { next: { sort: search.sort, amount: String(last.amount), productId: last.product.productId } }
      : {}),
  };
}

async function readMatching(
  products: Pick<ProductStore, 'list'>,
  search: ProductSearch,
  keep: ProductFilter,
) {
  const found: Product[] = [];
  let after: PageRequest['after'];
  do {
    const page = await products.list(search, keep, { limit: productsPerRead, ...(after ? { after } : {}) });
    found.push(...page.items);
    after = page.next;
    if (found.length > maximumRanked) throw tooMany();
  } while (after);
  return found;
}

function isAfter(
  { amount, product }: Ranked,
  after: { amount: number; productId: string },
  direction: number,
) {
  if (amount !== after.amount) return direction * (amount - after.amount) > 0;
  return direction > 0 ? product.productId > after.productId : product.productId < after.productId;
}

function readPosition(after: NonNullable<PageRequest['after']>, sort: string) {
  const position = positionSchema.safeParse(after);
  if (!position.success || position.data.sort !== sort) {
    throw new Problem('validation_failed', 'The cursor is not one that this list answered.', {
      errors: [{ path: '/query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return { amount: Number(position.data.amount), productId: position.data.productId };
}

function tooMany(): Problem {
  const message = `ranks ${maximumRanked} products at most in this currency or region; narrow it by category or q`;
  return new Problem('validation_failed', 'Too many products match to be sorted by this price.', {
    errors: [{ path: '/query/sort', message }],
  });
}
