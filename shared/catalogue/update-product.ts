import { requireVersion } from '../api/etag.ts';
import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { findActiveProduct } from './find-product.ts';
import type { Product } from './product.ts';
import { editorAnswer } from './product-answer.ts';
import { productAuditEntry, stamp } from './product-audit.ts';
import type { productRoutes } from './product-routes.ts';

type UpdateProduct = typeof productRoutes.updateProduct;
type Patch = ApiRequest<UpdateProduct>['body'];

/** @throws Problem not_found · version_conflict when the product is not the one that the caller read */
export async function updateProduct(
  request: ApiRequest<UpdateProduct>,
  { products, effects }: Pick<CataloguePorts, 'products' | 'effects'>,
): Promise<ApiResult<UpdateProduct>> {
  // Whoever names any version does not lose to another edit, but comes after it.
  const attempts = request.ifMatch === '*' ? 5 : 1;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const current = await findActiveProduct(products, request.params.productId);
    requireVersion(request.ifMatch, current.version);
    const { product, before, after } = applyPatch(current, request.body);
    const action = { action: 'product.updated', productId: current.productId, before, after } as const;
    const entry = productAuditEntry(action, request, effects.clock.now(), effects);
    const edited = stamp(product, entry);
    if (await products.update(current, edited, entry)) return editorAnswer(edited);
  }
  throw new Problem('version_conflict', 'The product has changed since you read it; read it again.');
}

/** Fields that the patch names replace the product's; `imageUrl: null` takes the image away. */
function applyPatch(current: Product, patch: Patch) {
  const { imageUrl: oldImage, ...old } = current;
  const { imageUrl = oldImage, ...fields } = patch;
  const product: Product = {
    ...old,
    name: fields.name ?? old.name,
    description: fields.description ?? old.description,
    category: fields.category ?? old.category,
    prices: fields.prices ?? old.prices,
    lowStockThreshold: fields.lowStockThreshold ?? old.lowStockThreshold,
    ...(imageUrl === null || imageUrl === undefined ? {} : { imageUrl }),
  };
  return { product, before: namedIn(patch, current), after: namedIn(patch, product) };
}

/** The values of the fields that a patch names; null where there is none. */
function namedIn(patch: Patch, product: Product): Record<string, unknown> {
  const values: Readonly<Record<string, unknown>> = product;
  return Object.fromEntries(Object.keys(patch).map((name) => [name, values[name] ?? null]));
}
