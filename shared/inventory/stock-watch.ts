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
   * Those of the products that are at or below their threshold. A crossing is marked on the product at its
   * first sight, and the mark taken off once the product is seen above again.
   */
  lowOf(productIds: readonly string[], at: Date): Promise<LowStock[]>;
}
