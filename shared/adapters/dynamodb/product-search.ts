import * as z from 'zod';
import { invalidCursor, type Page, type PageRequest } from '../../api/list.ts';
import type { Product } from '../../catalogue/product.ts';
import { productMatcher } from '../../catalogue/product-match.ts';
import type { ProductSearch } from '../../catalogue/product-store.ts';
import { searchTerms, wordQuery } from '../../catalogue/search-words.ts';
import type { Dynamo } from './client.ts';
import { type Budget, nextHit, walkList } from './listing-walk.ts';
import { walkByPrice } from './price-walk.ts';
import { listFor, pageSize, type Walk } from './search-plan.ts';

/** What one request may read at most; the rest is for the next page. */
const listingsPerRequest = 1000;
const productsPerRequest = 300;
const maximumLoad = 100;

export interface SearchPorts {
  readonly client: Dynamo;
  readonly listings: string;
  readonly load: (productIds: readonly string[]) => Promise<Map<string, Product>>;
}

/** By list, the position where a page ended. */
const cursorSchema = z.record(z.string().max(120), z.string().min(1).max(700));

/**
 * Walks listings until the page is full and loads the products that they name: the record itself decides whether
 * it is still what is searched for, and in stock. Looks one product ahead, so that a last page has no next one.
 */
export async function searchProducts(
  ports: SearchPorts,
  search: ProductSearch,
  page: PageRequest,
  maximumLoads = productsPerRequest,
): Promise<Page<Product>> {
  if (search.q !== undefined && !wordQuery(search.q)) return { items: [] };
  const after = page.after ? readCursor(page.after, search.sort) : {};
  const walk = await walkOf(ports, search, page.limit, after);
  const isWanted = recordMatcher(search);
  const found: { product: Product; passed: Record<string, string> }[] = [];
  for (let loads = 0, round = 0; ; round += 1) {
    const missing = page.limit + 1 - found.length;
    const { hits, end } = await takeHits(walk, loadSize(missing, round, search));
    loads += hits.length;
    const products = hits.length > 0 ? await ports.load(hits.map(({ productId }) => productId)) : new Map();
    for (const { productId, passed } of hits) {
      const product = products.get(productId);
      if (product && isWanted(product)) found.push({ product, passed });
    }
    const shown = found.slice(0, page.limit);
    const items = shown.map(({ product }) => product);
    if (found.length > page.limit) return pageOf(items, search.sort, shown.at(-1)?.passed);
    if (end === 'end') return { items };
    if (end === 'spent' || loads >= maximumLoads) return pageOf(items, search.sort, walk.passed());
  }
}

/** A few more than are missing where stock decides; the more, the longer the page is in coming. */
function loadSize(missing: number, round: number, { inStock }: ProductSearch): number {
  const spare = inStock === undefined ? 1 : 4;
  const patience = inStock === undefined ? 1 : 10 * 2 ** Math.min(round, 4);
  return Math.min(maximumLoad, Math.max(missing + spare - 1, round > 0 ? patience : 0));
}

function pageOf(items: Product[], sort: string, passed: Record<string, string> = {}): Page<Product> {
  return { items, next: { sort, ...passed } };
}

async function takeHits(walk: Walk, size: number) {
  const hits: { productId: string; passed: Record<string, string> }[] = [];
  while (hits.length < size) {
    const hit = await nextHit(walk);
    if (typeof hit === 'string') return { hits, end: hit };
    walk.take();
    hits.push({ productId: hit.listing.productId, passed: walk.passed() });
  }
  return { hits, end: undefined };
}

async function walkOf(
  ports: SearchPorts,
  search: ProductSearch,
  limit: number,
  after: Readonly<Record<string, string>>,
): Promise<Walk> {
  const budget: Budget = { listings: listingsPerRequest };
  const match = productMatcher(search);
  if (search.sort === 'price' || search.sort === '-price') {
    return walkByPrice(ports, { search, match, budget, after, limit });
  }
  const byName = search.sort === 'name';
  const list = await listFor(ports, search);
  const range = {
    list,
    by: byName ? 'nameKey' : 'position',
    forward: byName,
    after: after.at,
    pageSize: pageSize(isFiltered(search), limit),
  } as const;
  const walk = walkList({ client: ports.client, table: ports.listings }, range, match, budget);
  return {
    ...walk,
    passed() {
      const at = walk.passed();
      return at === undefined ? {} : { at };
    },
  };
}

function isFiltered({ q, minPrice, maxPrice, inStock }: ProductSearch): boolean {
  return [q, minPrice, maxPrice, inStock].some((filter) => filter !== undefined);
}

function recordMatcher(search: ProductSearch): (product: Product) => boolean {
  const match = productMatcher(search);
  return (product) =>
    !product.archived &&
    (search.inStock === undefined || product.availableCount > 0 === search.inStock) &&
    match({ ...product, words: search.q === undefined ? undefined : searchTerms(product).words }) !==
      undefined;
}

function readCursor({ sort, ...after }: Readonly<Record<string, string>>, wanted: string) {
  const position = cursorSchema.safeParse(after);
  if (!position.success || sort !== wanted) {
    throw invalidCursor();
  }
  return position.data;
}
