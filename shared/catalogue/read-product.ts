import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import { isStaff } from '../identity/roles.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { findActiveProduct } from './find-product.ts';
import { needsRates } from './pricing.ts';
import { cacheHeaders, tagOf } from './product-answer.ts';
import type { productRoutes } from './product-routes.ts';
import { productView } from './product-view.ts';

type ReadProduct = typeof productRoutes.getProduct;

/** @throws Problem not_found · currency_unsupported when it has no price in the currency and none can be converted */
export async function readProduct(
  { params, query, principal }: ApiRequest<ReadProduct>,
  { products, rates: exchange, effects }: Pick<CataloguePorts, 'products' | 'rates' | 'effects'>,
): Promise<ApiResult<ReadProduct>> {
  const product = await findActiveProduct(products, params.productId);
  const staff = principal !== undefined && isStaff(principal.role);
  const rates = needsRates(product, query) ? await exchange.inEffect(effects.clock.now()) : undefined;
  const body = productView(product, { staff, rates, ...query });
  if (!body) {
    throw new Problem('currency_unsupported', `This product has no price in ${query.currency}.`);
  }
  return { body, headers: { ETag: tagOf(body, product.version), ...cacheHeaders(principal !== undefined) } };
}
