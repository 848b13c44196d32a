import type { AnalyticsStream } from '../../analytics/event.ts';
import { lowStockEvent } from '../../analytics/low-stock-event.ts';
import type { StockWatch } from '../../inventory/stock-watch.ts';
import type { Notification } from '../../notifications/notification.ts';
import { type PublishPorts, publishOnce } from '../../notifications/publish-once.ts';
import { logger } from '../../observability/logger.ts';
import type { CheckoutPorts } from './ports.ts';

export interface AlertPorts extends Pick<CheckoutPorts, 'effects'>, Pick<PublishPorts, 'notifier' | 'once'> {
  readonly stock: StockWatch;
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
  { stock, events, effects, ...ports }: AlertPorts,
): Promise<void> {
  try {
    for (const low of await stock.lowOf(productIds, effects.clock.now())) {
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
      await publishOnce(alert, { ...ports, clock: effects.clock }, () => events.put(lowStockEvent(low)));
    }
  } catch (error) {
    logger.warn('low stock was not told about', {
      orderId,
      error: error instanceof Error ? error : String(error),
    });
  }
}
