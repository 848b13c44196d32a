import * as z from 'zod';
import type { StockChange } from '../../inventory/stock-change.ts';

export const productPartition = (productId: string) => `PRODUCT#${productId}`;

/** The attributes that make an Inventory row a row of the ledger. */
export function ledgerAttributes(change: StockChange) {
  return {
    ledgerProductId: change.productId,
    ledgerKey: `${change.at}#${change.changeId}`,
    changeId: change.changeId,
    productId: change.productId,
    at: change.at,
    delta: change.delta,
    reason: change.reason,
    actor: change.actor,
    ...(change.orderId === undefined ? {} : { orderId: change.orderId }),
  };
}

/** A change of no order: a manual adjustment or the initial stock. */
export function stockChangeItem(change: StockChange): Record<string, unknown> {
  return {
    pk: productPartition(change.productId),
    sk: `ADJUST#${change.changeId}`,
    ...ledgerAttributes(change),
  };
}

const itemSchema = z.object({
  changeId: z.string(),
  productId: z.string(),
  at: z.string(),
  delta: z.number(),
  reason: z.string(),
  actor: z.string(),
  orderId: z.string().optional(),
});

export function toStockChange(item: unknown): StockChange {
  return itemSchema.parse(item);
}
