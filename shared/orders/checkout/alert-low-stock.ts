import type { StockWatch } from '../../inventory/stock-watch.ts';
import type { Notification, Notifier } from '../../notifications/notifier.ts';
import { logger } from '../../observability/logger.ts';
import { type OnceStore, once } from '../../workflow/once.ts';
import type { CheckoutPorts } from './ports.ts';

export interface AlertPorts extends Pick<CheckoutPorts, 'effects'> {
  readonly stock: StockWatch;
  readonly notifier: Notifier;
  readonly once: OnceStore;
}

/**
 * Tells the staff which products this order has brought down to their threshold, once for each crossing. Never
 * fails the checkout: what could not be told is told with the next order of the product.
 */
export async function alertLowStock(
  orderId: string,
  productIds: readonly string[],
  { stock, notifier, once: store, effects }: AlertPorts,
): Promise<void> {
  const now = () => effects.clock.now();
  try {
    for (const { productId, name, availableCount, lowStockThreshold, since } of await stock.lowOf(
      productIds,
      now(),
    )) {
      const alert: Notification = {
        notificationId: `${productId}#low_stock#${since}`,
        topic: 'order',
        channel: 'email',
        role: 'Manager',
        type: 'low_stock',
        data: {
          productId,
          name,
          availableCount: String(availableCount),
          threshold: String(lowStockThreshold),
        },
      };
      await once(store, `NOTIFY#${alert.notificationId}`, now, () => notifier.publish(alert));
    }
  } catch (error) {
    logger.warn('low stock was not told about', {
      orderId,
      error: error instanceof Error ? error : String(error),
    });
  }
}
