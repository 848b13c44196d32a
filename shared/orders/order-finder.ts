/** Orders that something should have happened to, for the reconciler. Throws TransientError when the store is busy. */
export interface OrderFinder {
  /** Ids of orders placed before `at` that are still Pending, oldest first, a bounded number. */
  pendingSince(at: Date): Promise<string[]>;
  /** Ids of orders whose cancellation or refund is not finished, oldest first, a bounded number. */
  reversing(): Promise<string[]>;
}
