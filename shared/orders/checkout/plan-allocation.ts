import type { StockLine } from '../../inventory/inventory-store.ts';
import type { OrderItem } from '../order.ts';

/** What ValidateOrder decided: everything, a part, or nothing of the order can be had. */
export type AllocationOutcome = 'allocated' | 'partial' | 'out_of_stock';

export interface AllocationPlan {
  readonly outcome: AllocationOutcome;
  /** What to hold; empty when nothing can be had or the customer wants all or nothing. */
  readonly lines: readonly StockLine[];
}

/** Chooses what to hold of each line, given how much is free; never more than ordered or free. */
export function planAllocation(
  items: readonly Pick<OrderItem, 'productId' | 'quantity'>[],
  free: (productId: string) => number,
  allowPartial: boolean,
): AllocationPlan {
  const possible = items.map(({ productId, quantity }) => ({
    productId,
    quantity: Math.max(0, Math.min(quantity, free(productId))),
  }));
  const lines = possible.filter((line) => line.quantity > 0);
  if (possible.every((line, index) => line.quantity === items[index]?.quantity)) {
    return { outcome: 'allocated', lines };
  }
  return allowPartial && lines.length > 0
    ? { outcome: 'partial', lines }
    : { outcome: 'out_of_stock', lines: [] };
}

/**
 * The order's items once stock is held for `lines`. When nothing is, every line that could not be had in
 * full is marked, so that alternatives can be offered for it.
 */
export function allocateItems(
  items: readonly OrderItem[],
  lines: readonly StockLine[],
  isShort: (productId: string, quantity: number) => boolean,
): OrderItem[] {
  const held = new Map(lines.map((line) => [line.productId, line.quantity]));
  return items.map((item) => {
    const allocated = held.get(item.productId) ?? 0;
    if (lines.length === 0) {
      return isShort(item.productId, item.quantity) ? { ...item, status: 'unfulfilled' } : item;
    }
    const status = allocated === item.quantity ? 'allocated' : allocated > 0 ? 'partial' : 'unfulfilled';
    return { ...item, allocated, status };
  });
}
