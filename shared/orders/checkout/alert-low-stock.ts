import type { AnalyticsStream } from '../../analytics/event.ts';
import { lowStockEvent } from '../../analytics/low-stock-event.ts';
import type { StockWatch } from '../../inventory/stock-watch.ts';
import type { Notification, Notifier } from '../../notifications/notifier.ts';
import { logger } from '../../observability/logger.ts';
import { type OnceStore, once } from '../../workflow/once.ts';
import type { CheckoutPorts } from './ports.ts';

export interface AlertPorts extends Pick<CheckoutPorts, 'effects'> {
  readonly stock: StockWatch;
  readonly notifier: Notifier;
  readonly once: OnceStore;
  readonly events: AnalyticsStream;
}

/**
 * Tells the staff and analytics which products this order has brought down to their threshold, once for each
 * crossing. Never fails the checkout: what could not be told is told with the next order of the product. The
 * notification goes first, and its repetition after an event that failed is known by its id.
 */
export async function alertLowStock(
  orderId: string,
  productIds: readonly string[],
  { stock, notifier, events, once: store, effects }: AlertPorts,
): Promise<void> {
  const now = () => effects.clock.now();
  try {
    for (const low of await stock.lowOf(productIds, now())) {
      const { productId, name, availableCount, lowStockThreshold, since } = low;
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
      await once(store, `NOTIFY#${alert.notificationId}`, now, async () => {
        await notifier.publish(alert);
        await events.put(lowStockEvent(low));
      });
    }
  } catch (error) {
    logger.warn('low stock was not told about', {
      orderId,
      error: error instanceof Error ? error : String(error),
    });
  }
}
