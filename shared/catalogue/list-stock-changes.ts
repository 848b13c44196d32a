import * as z from 'zod';
import { type Page, pageBody, readPage } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import type { StockChange } from '../inventory/stock-change.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { noSuchProduct } from './find-product.ts';
import type { productRoutes } from './product-routes.ts';

type ListStockChanges = typeof productRoutes.listStockChanges;

const countSchema = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/**
 * The ledger, newest first. The stock after each change is counted back from the stock of now, since the
 * ledger's rows are written without reading it; the cursor carries the count on. An archived product's
 * ledger can still be read. Throws Problem not_found.
 */
export async function listStockChanges(
  { params: { productId }, query }: ApiRequest<ListStockChanges>,
  { products, ledger }: Pick<CataloguePorts, 'products' | 'ledger'>,
): Promise<ApiResult<ListStockChanges>> {
  const product = await products.find(productId);
  if (!product) {
    throw noSuchProduct();
  }
  const { limit, after } = readPage(query);
  const { stockCount, ...position } = after ?? {};
  const newest = after ? readCount(stockCount) : product.stockCount;
  const page = await ledger.changesOf(productId, { limit, ...(after ? { after: position } : {}) });
  return { body: pageBody(withRunningStock(page, newest)) };
}

/** Adds to each change the stock that it left, counting down from the stock after the first of the page. */
function withRunningStock(page: Page<StockChange>, newest: number) {
  let stockCount = newest;
  const items = page.items.map(({ at, delta, reason, orderId, actor }) => {
    const item = { at, delta, reason, ...(orderId === undefined ? {} : { orderId }), actor, stockCount };
    stockCount -= delta;
    return item;
  });
  return { items, ...(page.next ? { next: { ...page.next, stockCount: String(stockCount) } } : {}) };
}

function readCount(text: string | undefined): number {
  const count = countSchema.safeParse(text);
  if (!count.success) {
    throw new Problem('validation_failed', 'The cursor is not one that this list answered.', {
      errors: [{ path: '/query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return count.data;
}
