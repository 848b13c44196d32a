import { pageBody, readPage } from '../api/list.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import { isStaff } from '../identity/roles.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { cacheHeaders, tagOf } from './product-answer.ts';
import type { productRoutes } from './product-routes.ts';
import { productView } from './product-view.ts';

type ListProducts = typeof productRoutes.listProducts;

/** Active products. With a currency asked for, those with neither a price in it nor a rate to it are left out. */
export async function listProducts(
  { query, principal }: ApiRequest<ListProducts>,
  { products, rates: exchange, effects }: Pick<CataloguePorts, 'products' | 'rates' | 'effects'>,
): Promise<ApiResult<ListProducts>> {
  const { limit: _, cursor: __, currency, region, ...search } = query;
  const market = { currency, region };
  const rates = currency === undefined ? undefined : await exchange.inEffect(effects.clock.now());
  const page = await products.list({ ...search, market, rates }, readPage(query));
  const staff = principal !== undefined && isStaff(principal.role);
  const items = page.items.flatMap((product) => productView(product, { staff, rates, ...market }) ?? []);
  const body = pageBody({ items, ...(page.next ? { next: page.next } : {}) });
  return { body, headers: { ETag: tagOf(body), ...cacheHeaders(principal !== undefined) } };
}
