/** What a write does to the mark of low stock, by which the staff are told of a crossing. */
export interface StockMark {
  readonly set: readonly string[];
  readonly remove: readonly string[];
  readonly conditions: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

export const noMark: StockMark = { set: [], remove: [], conditions: [], values: {} };

/**
 * Above its threshold again, the product can cross it anew. The write's own condition says that it is on that side.
 * @param isLow whether it will be at or below its threshold, as it was read
 * @param edge the greatest count before the write by which it will be
 * @param crossedAt of a write that may bring it there, ISO 8601; a mark that there is already stays
 */
export function markOf(isLow: boolean, edge: number, crossedAt: string | undefined): StockMark {
  const values = { ':edge': edge };
  if (!isLow) return { set: [], remove: ['lowStockSince'], conditions: ['availableCount > :edge'], values };
  const conditions = ['availableCount <= :edge'];
  if (crossedAt === undefined) return { set: [], remove: [], conditions, values };
  return {
    set: ['lowStockSince = if_not_exists(lowStockSince, :since)'],
    remove: [],
    conditions,
    values: { ...values, ':since': crossedAt },
  };
}
