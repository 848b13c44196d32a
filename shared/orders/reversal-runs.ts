export interface Reversal {
  readonly orderId: string;
  readonly userId: string;
  /** Every product that the order might have stock of. */
  readonly productIds: readonly string[];
  /** `repair` ends as Failed an order whose checkout died; `refund` leaves the stock with the customer. */
  readonly kind: 'cancel' | 'refund' | 'repair';
}

/** Reversals of orders: executions of a state machine of their own, named by order and kind. */
export interface ReversalRuns {
  /**
   * Starts the reversal; fine when it has been started before.
   * @param attempt tells a later attempt from the first, which can be started once only
   * @throws TransientError
   */
  start(reversal: Reversal, attempt?: string): Promise<void>;
}

/** Names a later attempt after its hour, e.g. `2026-11-22T16`. */
export function attemptAt(now: Date): string {
  return now.toISOString().slice(0, 13);
}
