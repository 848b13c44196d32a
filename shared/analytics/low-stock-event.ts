import type { LowStock } from '../inventory/stock-watch.ts';
import { type AnalyticsEvent, schemaVersion } from './event.ts';

/** A product that has come down to its threshold. All orders that see the same crossing make the same id. */
export function lowStockEvent(low: LowStock): AnalyticsEvent {
  return {
    schemaVersion,
    eventId: `${low.productId}#stock.low#${low.since}`,
    type: 'stock.low',
    occurredAt: low.since,
    source: 'stock',
    productId: low.productId,
    available: Math.max(0, low.availableCount),
    threshold: low.lowStockThreshold,
    properties: {},
  };
}
