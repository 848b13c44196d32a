import * as z from 'zod';
import { type Image, imageSchema } from '../../shared/adapters/dynamodb/stream-image.ts';
import type { AnalyticsStream } from '../../shared/analytics/event.ts';
import { lowStockEvent } from '../../shared/analytics/low-stock-event.ts';
import {
  crossingOf,
  lowStockNotice,
  noticedProductSchema,
} from '../../shared/notifications/low-stock-notice.ts';
import { noticedOrderSchema, noticesOf } from '../../shared/notifications/order-notices.ts';
import { type PublishPorts, publishOnce } from '../../shared/notifications/publish-once.ts';
import { logger } from '../../shared/observability/logger.ts';
import { orderIdOf } from '../../shared/observability/stream-order.ts';
import type { BatchAnswer } from '../../shared/workflow/queue-handler.ts';

export interface TellingPorts extends PublishPorts {
  readonly events: AnalyticsStream;
}

const recordSchema = z.object({
  dynamodb: z.object({ OldImage: imageSchema.optional(), NewImage: imageSchema }),
});
/** A product's key; an order's has other members. */
const keysSchema = z.looseObject({ productId: z.object({ S: z.string() }).optional() });
const eventSchema = z.object({
  Records: z.array(
    z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string(), Keys: keysSchema }) }),
  ),
});

/**
 * Publishes what the records of the Orders table's stream give customers and staff to know, and those of the Products
 * table's stream the staff, once each.
 */
export async function tellChanges(event: unknown, ports: TellingPorts): Promise<BatchAnswer> {
  for (const record of eventSchema.parse(event).Records) {
    const { SequenceNumber: sequenceNumber, Keys } = record.dynamodb;
    const productId = Keys.productId?.S;
    try {
      const { OldImage, NewImage } = recordSchema.parse(record).dynamodb;
      const tell = productId === undefined ? tellOfOrder : tellOfProduct;
      await tell(OldImage, NewImage, ports);
    } catch (error) {
      const failure = error instanceof Error ? error : String(error);
      const about = productId === undefined ? { orderId: orderIdOf(record) } : { productId };
      logger.error('a change was not told', { ...about, sequenceNumber, error: failure });
      // All behind it come again anyway, in order.
      return { batchItemFailures: [{ itemIdentifier: sequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
}

async function tellOfOrder(before: Image | undefined, after: Image, ports: PublishPorts): Promise<void> {
  const orderIn = (image: Image) => noticedOrderSchema.parse(image);
  for (const notice of noticesOf(before && orderIn(before), orderIn(after))) {
    await publishOnce(notice, ports);
    const { orderId, type, role } = notice;
    logger.info('change of an order told', { orderId, type, role });
  }
}

/** The notification goes first, and its repetition after an event that failed is known by its id. */
async function tellOfProduct(before: Image | undefined, after: Image, ports: TellingPorts): Promise<void> {
  const productIn = (image: Image) => noticedProductSchema.parse(image);
  const low = crossingOf(before && productIn(before), productIn(after));
  if (!low) return;
  await publishOnce(lowStockNotice(low), ports, () => ports.events.put(lowStockEvent(low)));
  logger.info('low stock told', { productId: low.productId, since: low.since });
}
