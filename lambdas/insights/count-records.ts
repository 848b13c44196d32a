import * as z from 'zod';
import { type Image, imageSchema } from '../../shared/adapters/dynamodb/stream-image.ts';
import { countOrders, type OrderChange } from '../../shared/insights/count-orders.ts';
import type { CounterStore } from '../../shared/insights/counter-store.ts';
import { milestonesOf, type OrderLife, orderLifeSchema } from '../../shared/insights/order-life.ts';
import { measure } from '../../shared/insights/order-metrics.ts';
import { orderFacts } from '../../shared/insights/sales-facts.ts';
import { logger } from '../../shared/observability/logger.ts';
import type { PublishMetrics } from '../../shared/observability/metrics.ts';
import { orderIdOf } from '../../shared/observability/stream-order.ts';
import type { BatchAnswer } from '../../shared/workflow/queue-handler.ts';
import { streamEventSchema } from '../../shared/workflow/stream-records.ts';

const recordSchema = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    Keys: imageSchema,
    OldImage: imageSchema.optional(),
    NewImage: imageSchema.optional(),
  }),
});
type StreamRecord = z.infer<typeof recordSchema>;

/**
 * Counts the orders of a batch of the Orders table's stream. A record that cannot be read, or whose order cannot
 * be counted, is named in the answer; the others are counted, and what they have been through is measured, once.
 */
export async function countRecords(
  event: unknown,
  store: CounterStore,
  publish: PublishMetrics = () => undefined,
): Promise<BatchAnswer> {
  const { Records } = streamEventSchema.parse(event);
  const changes: { sequenceNumber: string; change: MeasuredChange }[] = [];
  const failed = new Set<string>();
  for (const record of Records) {
    const sequenceNumber = record.dynamodb.SequenceNumber;
    try {
      const change = changeOf(recordSchema.parse(record));
      if (change) changes.push({ sequenceNumber, change });
    } catch (error) {
      logger.error('stream record not understood', {
        orderId: orderIdOf(record),
        sequenceNumber,
        error: error instanceof Error ? error : String(error),
      });
      failed.add(sequenceNumber);
    }
  }
  const uncounted = await countOrders(
    changes.map(({ change }) => change),
    store,
    ({ life }, news) => {
      for (const measured of life ? measure(life, news) : []) publish(measured);
    },
  );
  for (const { sequenceNumber, change } of changes) {
    if (uncounted.has(change.orderId)) failed.add(sequenceNumber);
  }
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

interface MeasuredChange extends OrderChange {
  readonly life: OrderLife | undefined;
}

/** What a record changes in what is counted or measured; undefined for other items, and when nothing that counts has changed. */
function changeOf({ eventName, dynamodb }: StreamRecord): MeasuredChange | undefined {
  if (dynamodb.Keys.sk !== 'ORDER') return undefined;
  const before = dynamodb.OldImage && read(dynamodb.OldImage);
  if (eventName === 'REMOVE') {
    return (
      before && { orderId: before.orderId, version: before.version + 1, facts: undefined, life: undefined }
    );
  }
  const after = read(dynamodb.NewImage ?? {});
  return before && isSame(before, after) ? undefined : after;
}

function read(order: Image) {
  const life = orderLifeSchema.parse(order);
  const givenBack = life.paymentInfo.refunded?.amount ?? 0;
  return {
    ...orderFacts(order),
    life,
    progress: { milestones: milestonesOf(life), givenBack },
  } satisfies MeasuredChange;
}

function isSame(a: MeasuredChange, b: MeasuredChange): boolean {
  return JSON.stringify([a.facts, a.progress]) === JSON.stringify([b.facts, b.progress]);
}
