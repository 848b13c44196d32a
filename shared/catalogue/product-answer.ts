import { createHash } from 'node:crypto';
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

/**
 * The tag of what is shown: it changes with availability, price and rates, which the version knows nothing of. A
 * product's tag starts with its version, so that the tag that was read serves as If-Match too.
 */
export function tagOf(body: unknown, version?: number): string {
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22);
  return version === undefined ? `"${digest}"` : `"${version}.${digest}"`;
}

const publicSeconds = 10;

/** Anyone's answer may be kept by caches for a moment and is then asked for anew; an answer to a token never. */
export function cacheHeaders(hasToken: boolean): Record<string, string> {
  return {
    'Cache-Control': hasToken ? 'private, no-store' : `public, max-age=${publicSeconds}, must-revalidate`,
    Vary: 'Authorization',
  };
}
