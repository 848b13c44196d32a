import * as z from 'zod';
import type { LowStock } from '../inventory/stock-watch.ts';
import type { Notification } from './notification.ts';

/** What a product must tell for the staff to be told that it runs low. */
export const noticedProductSchema = z.object({
  productId: z.string(),
  name: z.string(),
  availableCount: z.number(),
  lowStockThreshold: z.number(),
  lowStockSince: z.string().optional(),
});
export type NoticedProduct = z.infer<typeof noticedProductSchema>;

/** The crossing that a change of a product has marked; undefined when it has marked none. */
export function crossingOf(
  before: NoticedProduct | undefined,
  { lowStockSince: since, ...product }: NoticedProduct,
): LowStock | undefined {
  return since === undefined || since === before?.lowStockSince ? undefined : { ...product, since };
}

/** One for each crossing, whoever tells it again. */
export const lowStockId = (productId: string, since: string): string => `${productId}#low_stock#${since}`;

export function lowStockNotice({
  productId,
  name,
  availableCount,
  lowStockThreshold,
  since,
}: LowStock): Notification {
  return {
    notificationId: lowStockId(productId, since),
    topic: 'order',
    channel: 'email',
    role: 'Manager',
    type: 'low_stock',
    data: { productId, name, availableCount: String(availableCount), threshold: String(lowStockThreshold) },
  };
}
