import { etag } from '../api/etag.ts';
import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import { isStaff } from '../identity/roles.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { findActiveProduct } from './find-product.ts';
import { cacheHeaders } from './product-answer.ts';
import type { productRoutes } from './product-routes.ts';
import { productView } from './product-view.ts';

type ReadProduct = typeof productRoutes.getProduct;

/** @throws Problem not_found · currency_unsupported when the product has no price in the currency asked for */
export async function readProduct(
  { params, query, principal }: ApiRequest<ReadProduct>,
  { products }: Pick<CataloguePorts, 'products'>,
): Promise<ApiResult<ReadProduct>> {
  const product = await findActiveProduct(products, params.productId);
  const staff = principal !== undefined && isStaff(principal.role);
  const body = productView(product, { staff, ...query });
  if (!body) {
    throw new Problem('currency_unsupported', `This product has no price in ${query.currency}.`);
  }
  return { body, headers: { ETag: etag(product.version), ...cacheHeaders(principal !== undefined) } };
}
