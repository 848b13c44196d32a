import { FinalError } from '../errors.ts';

export interface StockLine {
  readonly productId: string;
  readonly quantity: number;
}

/** What is available now of each product that was short; 0 when it is archived or gone. */
type Shortages = ReadonlyMap<string, number>;
/** `repeated`: the order had stock before this call; what it has are the first call's lines, see `linesOf`. */
export type HoldResult =
  | { readonly held: true; readonly repeated: boolean }
  | { readonly held: false; readonly shortages: Shortages };

/** How long a checkout is expected to hold stock. What is held longer is looked into by the reconciler. */
export const holdMilliseconds = 15 * 60 * 1000;

/** The most lines that a hold can take: two actions a line, 100 actions a DynamoDB transaction. */
export const maximumLines = 50;

/**
 * Stock that orders hold, buy and give back. Every method is keyed by the order: run twice, it does its work
 * once. Throws TransientError when the store is busy; a later call may succeed.
 */
export interface InventoryStore {
  /**
   * Takes all lines or none. When the order has been held for already, the answer is `held` and the first
   * call's lines stand: read them with `linesOf`. Name every product of the order, those that it gets none of
   * with quantity 0: only then can no two holds of one order, planned at different times, both succeed.
   * @throws HoldRefusedError when the order's stock has been released before, i.e. this call comes too late
   */
  hold(orderId: string, lines: readonly StockLine[], at: Date): Promise<HoldResult>;
  /** What the order holds or has bought of these products, read strongly. */
  linesOf(orderId: string, productIds: readonly string[]): Promise<StockLine[]>;
  /**
   * Turns what is held into a sale: takes it from `stockCount` and writes the ledger.
   * @throws NotHeldError when the order does not hold a line in this quantity
   */
  commit(orderId: string, lines: readonly StockLine[], at: Date): Promise<void>;
  /**
   * Gives back whatever the order has of these products, held or bought, and shuts the order out: a hold
   * that comes later is refused. Name every product that the order might hold.
   */
  release(orderId: string, productIds: readonly string[], at: Date): Promise<void>;
}

/** The order has been released: a hold that comes after it would never be given back. */
export class HoldRefusedError extends FinalError {
  override readonly name = 'HoldRefusedError';
}

/** The order does not hold what is to be sold. */
export class NotHeldError extends FinalError {
  override readonly name = 'NotHeldError';
}
