import { type Quote, quote } from './pricing.ts';
import type { Product } from './product.ts';
import type { ProductSearch } from './product-store.ts';
import { hasWords, wordQuery } from './search-words.ts';

/** What of a product its listings carry, and searches decide by before they load it. */
export type Listed = Pick<Product, 'category' | 'prices'> & {
  readonly words?: readonly string[] | undefined;
};

/** Decides by everything but the stock whether a product is searched for; answers its price in the market. */
export function productMatcher(search: ProductSearch): (listed: Listed) => Quote | undefined {
  const { q, category, market, rates, minPrice = 0, maxPrice = Number.MAX_SAFE_INTEGER } = search;
  const query = q === undefined ? undefined : wordQuery(q);
  return (listed) => {
    if (category !== undefined && listed.category !== category) return undefined;
    if (query && !hasWords(listed.words ?? [], query)) return undefined;
    const found = quote(listed, market, rates);
    return found && found.price.amount >= minPrice && found.price.amount <= maxPrice ? found : undefined;
  };
}
