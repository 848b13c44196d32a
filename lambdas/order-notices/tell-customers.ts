import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import {
  type NoticedOrder,
  noticedOrderSchema,
  noticesOf,
} from '../../shared/notifications/order-notices.ts';
import { type PublishPorts, publishOnce } from '../../shared/notifications/publish-once.ts';
import { logger } from '../../shared/observability/logger.ts';

const imageSchema = z.record(
  z.string(),
  z.custom<AttributeValue>((value) => typeof value === 'object'),
);
const recordSchema = z.object({
  dynamodb: z.object({ OldImage: imageSchema.optional(), NewImage: imageSchema }),
});
const eventSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

/** Lambda's partial batch answer: records from the first one named on are delivered again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Publishes what the records of the Orders table's stream give customers to know, once each. */
export async function tellCustomers(event: unknown, ports: PublishPorts): Promise<BatchAnswer> {
  for (const record of eventSchema.parse(event).Records) {
    const { SequenceNumber } = record.dynamodb;
    try {
      const { OldImage, NewImage } = recordSchema.parse(record).dynamodb;
      await tell(OldImage && orderIn(OldImage), orderIn(NewImage), ports);
    } catch (error) {
      const failure = error instanceof Error ? error : String(error);
      logger.error('customer was not told', { sequenceNumber: SequenceNumber, error: failure });
      // All behind it come again anyway, in order.
      return { batchItemFailures: [{ itemIdentifier: SequenceNumber }] };
    }
  }
  return { batchItemFailures: [] };
}

async function tell(before: NoticedOrder | undefined, after: NoticedOrder, ports: PublishPorts) {
  for (const notice of noticesOf(before, after)) {
    await publishOnce(notice, ports);
    logger.info('customer told', { orderId: notice.orderId, type: notice.type });
  }
}

function orderIn(image: Record<string, AttributeValue>): NoticedOrder {
  return noticedOrderSchema.parse(unmarshall(image));
}
