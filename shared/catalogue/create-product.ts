import type { ApiRequest, ApiResult } from '../api/route.ts';
import type { StockChange } from '../inventory/stock-change.ts';
import type { CataloguePorts } from './catalogue-ports.ts';
import { defaultLowStockThreshold, type Product } from './product.ts';
import { editorAnswer } from './product-answer.ts';
import { abridged, productAuditEntry } from './product-audit.ts';
import type { productRoutes } from './product-routes.ts';

type CreateProduct = typeof productRoutes.createProduct;

export async function createProduct(
  request: ApiRequest<CreateProduct>,
  { products, effects }: Pick<CataloguePorts, 'products' | 'effects'>,
): Promise<ApiResult<CreateProduct>> {
  const { imageUrl, lowStockThreshold = defaultLowStockThreshold, ...details } = request.body;
  const productId = effects.ids.next();
  const now = effects.clock.now();
  const after = {
    ...details,
    ...(imageUrl === undefined ? {} : { imageUrl }),
    prices: details.prices,
    lowStockThreshold,
  };
  const entry = productAuditEntry({ action: 'product.created', productId, after }, request, now, effects);
  const actor = entry.actor.id;
  const product: Product = {
    productId,
    ...after,
    availableCount: details.stockCount,
    archived: false,
    createdBy: actor,
    updatedBy: actor,
    auditLogs: [abridged(entry)],
    createdAt: entry.at,
    updatedAt: entry.at,
    version: 1,
  };
  const initialStock: StockChange = {
    changeId: effects.ids.next(),
    productId,
    at: entry.at,
    delta: details.stockCount,
    reason: 'initial stock',
    actor,
  };
  await products.create(product, initialStock, entry);
  const { body, headers } = editorAnswer(product);
  return { body, headers: { ...headers, Location: `/product/${productId}` } };
}
