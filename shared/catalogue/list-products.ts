import { pageBody, readPage } from '../api/list.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import { isStaff } from '../identity/roles.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { defaultCurrency, shownPrice } from './pricing.ts';
import { cacheHeaders } from './product-answer.ts';
import type { productRoutes } from './product-routes.ts';
import type { ProductFilter, ProductStore } from './product-store.ts';
import { productView } from './product-view.ts';
import { rankByPrice } from './rank-by-price.ts';

type ListProducts = typeof productRoutes.listProducts;
type Query = ApiRequest<ListProducts>['query'];

/** Active products. With a currency asked for, those without a price in it are left out. */
export async function listProducts(
  { query, principal }: ApiRequest<ListProducts>,
  { products }: Pick<CataloguePorts, 'products'>,
): Promise<ApiResult<ListProducts>> {
  const staff = principal !== undefined && isStaff(principal.role);
  const page = await findPage(query, products);
  const items = page.items.flatMap((product) => productView(product, { staff, ...query }) ?? []);
  const next = page.next ? { next: page.next } : {};
  return { body: pageBody({ items, ...next }), headers: cacheHeaders(principal !== undefined) };
}

function findPage(query: Query, products: Pick<ProductStore, 'list'>) {
  const { sort, category, q, currency = defaultCurrency, region } = query;
  const keep = productFilter(query);
  const page = readPage(query);
  // The price index is ordered by the base price; any other price is ranked after reading.
  const isBasePrice = currency === defaultCurrency && region === undefined;
  if ((sort === 'price' || sort === '-price') && !isBasePrice) {
    return rankByPrice(products, { sort, category, q }, keep, query, page);
  }
  return products.list({ sort, category, q }, keep, page);
}

function productFilter({ inStock, minPrice, maxPrice, ...market }: Query): ProductFilter {
  return (product) => {
    const price = shownPrice(product, market);
    return (
      price !== undefined &&
      (inStock === undefined || product.availableCount > 0 === inStock) &&
      price.amount >= (minPrice ?? 0) &&
      price.amount <= (maxPrice ?? Number.MAX_SAFE_INTEGER)
    );
  };
}
