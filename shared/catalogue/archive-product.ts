import type { ApiRequest, ApiResult } from '../api/route.ts';
import { TransientError } from '../errors.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { findActiveProduct } from './find-product.ts';
import { productAuditEntry, stamp } from './product-audit.ts';
import type { productRoutes } from './product-routes.ts';

type ArchiveProduct = typeof productRoutes.archiveProduct;

const attempts = 5;

/** Takes the product out of the catalogue for good; orders that hold it go on. Throws Problem not_found. */
export async function archiveProduct(
  request: ApiRequest<ArchiveProduct>,
  { products, effects }: Pick<CataloguePorts, 'products' | 'effects'>,
): Promise<ApiResult<ArchiveProduct>> {
  const { productId } = request.params;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const current = await findActiveProduct(products, productId);
    const change = { before: { archived: false }, after: { archived: true } };
    const action = { action: 'product.archived', productId, ...change } as const;
    const entry = productAuditEntry(action, request, effects.clock.now(), effects);
    if (await products.update(current, stamp({ ...current, archived: true }, entry), entry)) {
      return { body: undefined };
    }
  }
  throw new TransientError(`The product ${productId} keeps being changed`);
}
