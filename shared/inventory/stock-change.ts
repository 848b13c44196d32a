import type { Page, PageRequest } from '../api/list.ts';

/** A row of the ledger: one change of a product's stock. */
export interface StockChange {
  /** Unique within the product; sorts changes of one instant. */
  readonly changeId: string;
  readonly productId: string;
  /** ISO 8601. */
  readonly at: string;
  /** Pieces added, or taken when negative. */
  readonly delta: number;
  readonly reason: string;
  readonly orderId?: string | undefined;
  /** A user id, or `system` for the workflow. */
  readonly actor: string;
}

export interface StockLedger {
  /** A product's changes, newest first. */
  changesOf(productId: string, page: PageRequest): Promise<Page<StockChange>>;
}
