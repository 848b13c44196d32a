/** How a checkout stands: `dead` ended without its own compensation, `missing` was never started or is forgotten. */
export type CheckoutHealth = 'running' | 'succeeded' | 'dead' | 'missing';

/** The checkouts from outside, for the reconciler. Throws TransientError. */
export interface CheckoutWatch {
  healthOf(orderId: string): Promise<CheckoutHealth>;
  /** Orders whose checkouts died after `since`, a bounded number. */
  diedSince(since: Date): Promise<string[]>;
}
