import { Problem } from '../api/problem.ts';
import type { ApiRequest, ApiResult } from '../api/route.ts';
import { TransientError } from '../errors.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { noSuchProduct } from './find-product.ts';
import { maximumStock, type Product } from './product.ts';
import { editorAnswer } from './product-answer.ts';
import { productAuditEntry, stamp } from './product-audit.ts';
import type { productRoutes } from './product-routes.ts';
import type { StockAdjustment } from './product-store.ts';

type AdjustStock = typeof productRoutes.adjustStock;

/** Each attempt that fails means that another sale or adjustment went through, so a busy product gets through too. */
const attempts = 20;

/** @throws Problem not_found · insufficient_stock when more would go than is free, or more come than fits */
export async function adjustStock(
  request: ApiRequest<AdjustStock>,
  { products, effects }: Pick<CataloguePorts, 'products' | 'effects'>,
): Promise<ApiResult<AdjustStock>> {
  const { productId } = request.params;
  let current = await products.find(productId);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (!current || current.archived) {
      throw noSuchProduct();
    }
    const adjustment = prepareAdjustment(current, request, effects);
    const outcome = await products.adjustStock(adjustment);
    if (outcome.done) {
      return editorAnswer(adjustment.after);
    }
    current = outcome.current;
  }
  throw new TransientError(`The stock of ${productId} keeps being changed`);
}

function prepareAdjustment(
  before: Product,
  request: ApiRequest<AdjustStock>,
  effects: CataloguePorts['effects'],
): StockAdjustment {
  const { delta, reason } = request.body;
  const stockCount = before.stockCount + delta;
  const availableCount = before.availableCount + delta;
  if (availableCount < 0) {
    const free = `${before.availableCount} of ${before.stockCount} pieces are free`;
    throw new Problem('insufficient_stock', `Only ${free}; ${-delta} cannot be taken.`);
  }
  if (stockCount > maximumStock) {
    throw new Problem('validation_failed', 'Some fields are not as they must be; see errors.', {
      errors: [{ path: '/delta', message: `may raise the stock to ${maximumStock} at most` }],
    });
  }
  const now = effects.clock.now();
  const { productId } = before;
  const change = { before: { stockCount: before.stockCount }, after: { stockCount } };
  const action = { action: 'product.stock_adjusted', productId, ...change, reason } as const;
  const audit = productAuditEntry(action, request, now, effects);
  return {
    before,
    after: stamp({ ...before, stockCount, availableCount }, audit),
    change: { changeId: effects.ids.next(), productId, at: audit.at, delta, reason, actor: audit.actor.id },
    audit,
  };
}
