import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { rowKey, toHoldRow } from '../../shared/adapters/dynamodb/inventory-row.ts';
import type { Order } from '../../shared/orders/order.ts';
import { allocatedLines } from '../../shared/orders/settled.ts';
import { retryEffects } from '../support/stage.ts';
import type { Examination } from './doctor.ts';

/**
 * Where the stock of a paid order is: all of it `sold`; or some of it still `held`, which a sale mends; or some of it
 * `released` to others, so that it cannot be sold any more; or without any row, which nobody can explain.
 */
export type PaidStock = 'sold' | 'held' | 'released' | 'absent';

/** Read strongly. The worst that is true of any line. */
export async function paidStock(order: Order, { target, tables }: Examination): Promise<PaidStock> {
  const productIds = [...new Set(allocatedLines(order).map(({ productId }) => productId))];
  const keys = productIds.map((productId) => rowKey(order.orderId, productId));
  const items = await batchGet(target.dynamo, tables.inventory, keys, retryEffects, { consistent: true });
  const states = items.map((item) => toHoldRow(item).state);
  if (states.some((state) => state === 'RELEASED' || state === 'RETURNED')) return 'released';
  if (states.length < keys.length || states.includes('NONE')) return 'absent';
  return states.includes('HELD') ? 'held' : 'sold';
}
