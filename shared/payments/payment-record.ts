import * as z from 'zod';
import { type Money, moneySchema } from '../money/money.ts';
import { type FraudReason, fraudReasonSchema } from './fraud-reason.ts';

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
  /** The verdict of the fraud rules, given once; absent until it is, and of an order that is free. */
  fraudReasons: z.array(fraudReasonSchema).optional(),
  /** ISO 3166-1 alpha-2, where the provider tells it. */
  paymentCountry: z.string().optional(),
  attempts: z.int().default(0),
  /** When the provider was first asked: how long ago that is tells what it still remembers. */
  firstAttemptAt: z.iso.datetime().optional(),
  /** The provider's id of the customer, as every attempt names it. */
  customerId: z.string().optional(),
  undo: z.enum(['started', 'done']).optional(),
  refunded: moneySchema.optional(),
});
export type PaymentRecord = z.infer<typeof paymentRecordSchema>;

export type AuthorizationResult =
  | {
      readonly status: 'authorized';
      readonly paymentId: string;
      /** The provider suspects fraud; once the fraud rules were asked, that anybody does. */
      readonly fraudFlag: boolean;
      /** Country of the payment method, ISO 3166-1 alpha-2, where the provider tells it. */
      readonly paymentCountry?: string;
      /** The verdict of the fraud rules; a provider gives none. */
      readonly fraudReasons?: readonly FraudReason[];
    }
  | { readonly status: 'declined' | 'blocked'; readonly paymentId?: string };

/** The steps of a payment, each one conditional write. Throws TransientError when the store is busy. */
export interface PaymentRecords {
  /**
   * Counts an attempt before the provider is called. When the payment is decided or undone already, or with
   * another provider, nothing is counted: `begun` is false and `record` tells how it stands. Of time and customer
   * the first attempt's are kept.
   */
  beginAttempt(
    orderId: string,
    provider: string,
    amount: Money,
    first?: { readonly at?: Date; readonly customerId?: string | undefined },
  ): Promise<{ begun: boolean; record: PaymentRecord }>;
  /**
   * Writes the answer to an attempt, unless another attempt or an undo was first.
   * @returns undefined when written, else the record as it stands
   */
  settle(orderId: string, result: AuthorizationResult): Promise<PaymentRecord | undefined>;
  /**
   * Writes the verdict on a payment that was authorized without one, unless another was first.
   * @returns the record as it stands
   */
  giveVerdict(orderId: string, reasons: readonly FraudReason[]): Promise<PaymentRecord>;
  /** @returns undefined when written or written before, else the record as it stands */
  captured(orderId: string): Promise<PaymentRecord | undefined>;
  /** Shuts later steps out and answers how far the payment had come. */
  beginUndo(orderId: string): Promise<PaymentRecord>;
  endUndo(orderId: string, refunded: Money | undefined): Promise<void>;
}

export interface PaymentReader {
  /** Strongly consistent. */
  find(orderId: string): Promise<PaymentRecord | undefined>;
}
