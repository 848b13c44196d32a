import * as z from 'zod';
import { type Money, moneySchema } from '../money/money.ts';

/**
 * Our own record of an order's payment, beside the provider's. `authorizing` means that the provider may or
 * may not have been reached. `undo` shuts every later step out.
 */
export const paymentRecordSchema = z.strictObject({
  orderId: z.string(),
  provider: z.string().optional(),
  amount: moneySchema.optional(),
  status: z.enum(['authorizing', 'authorized', 'declined', 'blocked', 'captured']).optional(),
  paymentId: z.string().optional(),
  fraudFlag: z.boolean().optional(),
  attempts: z.int().default(0),
  undo: z.enum(['started', 'done']).optional(),
  refunded: moneySchema.optional(),
});
export type PaymentRecord = z.infer<typeof paymentRecordSchema>;

export type AuthorizationResult =
  | { readonly status: 'authorized'; readonly paymentId: string; readonly fraudFlag: boolean }
  | { readonly status: 'declined' | 'blocked'; readonly paymentId?: string };

/** The steps of a payment, each one conditional write. Throws TransientError when the store is busy. */
export interface PaymentRecords {
  /**
   * Counts an attempt before the provider is called. When the payment is decided or undone already, nothing
   * is counted: `begun` is false and `record` tells how it stands.
   */
  beginAttempt(
    orderId: string,
    provider: string,
    amount: Money,
  ): Promise<{ begun: boolean; record: PaymentRecord }>;
  /**
   * Writes the answer to an attempt, unless another attempt or an undo was first.
   * @returns undefined when written, else the record as it stands
   */
  settle(orderId: string, result: AuthorizationResult): Promise<PaymentRecord | undefined>;
  /** @returns undefined when written or written before, else the record as it stands */
  captured(orderId: string): Promise<PaymentRecord | undefined>;
  /** Shuts later steps out and answers how far the payment had come. */
  beginUndo(orderId: string): Promise<PaymentRecord>;
  endUndo(orderId: string, refunded: Money | undefined): Promise<void>;
}
