/** What an order holds beyond its time. */
export interface ExpiredHold {
  readonly orderId: string;
  readonly productIds: readonly string[];
}

/** Holds by their expiry, for the reconciler. Throws TransientError when the store is busy. */
export interface HoldFinder {
  /** Orders whose holds ended before `at`, a bounded number, the longest expired among them. */
  expired(at: Date): Promise<ExpiredHold[]>;
  /** Whether the order has bought all of these products, read strongly. */
  isSold(orderId: string, productIds: readonly string[]): Promise<boolean>;
  /** Gives a hold that is still needed its time anew, counted from `at`, so that others come first. */
  extend(hold: ExpiredHold, at: Date): Promise<void>;
}
