import type { Counter } from './counters.ts';
import type { SalesFacts } from './sales-facts.ts';

/** What has been counted of an order; `facts` is absent once a deleted order was taken out again. */
export interface Applied {
  readonly version: number;
  readonly facts?: SalesFacts | undefined;
  /** What of its life has been measured; absent on a mark from before anything was. */
  readonly milestones?: readonly string[] | undefined;
  /** How much given back, in minor units, has been measured; absent on a mark from before amounts were kept. */
  readonly givenBack?: number | undefined;
}

export interface AppliedOrder {
  readonly orderId: string;
  /** The version that had been counted before; undefined when nothing had. */
  readonly before: number | undefined;
  readonly applied: Applied;
}

/** Counters, and for each order what has been counted of it. Throws TransientError when the store is busy. */
export interface CounterStore {
  /** Strongly consistent; orders of which nothing was counted are not in the map. */
  findApplied(orderIds: readonly string[]): Promise<Map<string, Applied>>;
  /**
   * Moves counters and marks the orders in one transaction.
   * @returns false when some order is no longer as it was before; nothing was written then
   */
  apply(orders: readonly AppliedOrder[], counters: readonly Counter[]): Promise<boolean>;
}

/** Actions of one transaction: marks and counters together. */
export const maximumActions = 100;
