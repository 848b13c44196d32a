import { etag } from '../api/etag.ts';
import type { Product } from './product.ts';
import { type ProductView, productView } from './product-view.ts';

/** What an editor gets back: every field, and the tag that the next edit names. */
export function editorAnswer(product: Product): { body: ProductView; headers: Record<string, string> } {
  const body = productView(product, { staff: true });
  if (!body) {
    throw new Error(`The product ${product.productId} has no price`);
  }
  return { body, headers: { ETag: etag(product.version) } };
}

const publicSeconds = 10;

/** Anyone's answer may be kept by caches for a moment; an answer to a token never. */
export function cacheHeaders(hasToken: boolean): Record<string, string> {
  return {
    'Cache-Control': hasToken ? 'private, no-store' : `public, max-age=${publicSeconds}`,
    Vary: 'Authorization',
  };
}
