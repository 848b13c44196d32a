import { pageBody, readPage } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import type { productRoutes } from './product-routes.ts';

type ListProductAudit = typeof productRoutes.listProductAudit;

/** A product's trail, newest first, whole entries; that of an archived product too. Throws Problem not_found. */
export async function listProductAudit(
  { params: { productId }, query }: ApiRequest<ListProductAudit>,
  { trail, products }: Pick<CataloguePorts, 'trail' | 'products'>,
): Promise<ApiResult<ListProductAudit>> {
  const found = await trail.entriesOf({ type: 'product', id: productId }, readPage(query));
  if (found.items.length === 0 && !(await products.find(productId))) {
    throw new Problem('not_found', 'There is no such product.');
  }
  return { body: pageBody(found) };
}
