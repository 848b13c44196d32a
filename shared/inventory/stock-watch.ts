/** A product that came down to its threshold. */
export interface LowStock {
  readonly productId: string;
  readonly name: string;
  readonly availableCount: number;
  readonly lowStockThreshold: number;
  /** When the crossing was noticed, ISO 8601: the same for all who see it until the stock is above again. */
  readonly since: string;
}

/** Notices products whose stock crosses their threshold. Throws TransientError when the store is busy. */
export interface StockWatch {
  /**
   * Marks those of the products that are at or below their threshold and are not marked, and takes the mark off those
   * that are above it. The mark is what the staff are told by; an archived product is none of their concern.
   */
  look(productIds: readonly string[], at: Date): Promise<void>;
}
