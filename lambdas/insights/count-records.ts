import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { countOrders, type OrderChange } from '../../shared/insights/count-orders.ts';
import type { CounterStore } from '../../shared/insights/counter-store.ts';
import { type OrderFacts, orderFacts } from '../../shared/insights/sales-facts.ts';
import { logger } from '../../shared/observability/logger.ts';

const imageSchema = z.record(
  z.string(),
  z.custom<AttributeValue>((value) => typeof value === 'object'),
);

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

const eventSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

/** Lambda's partial batch answer: records from the first one named on are delivered again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Counts the orders of a batch of the Orders table's stream. A record that cannot be read, or whose order cannot
 * be counted, is named in the answer; the others are counted.
 */
export async function countRecords(event: unknown, store: CounterStore): Promise<BatchAnswer> {
  const { Records } = eventSchema.parse(event);
  const changes: { sequenceNumber: string; change: OrderChange }[] = [];
  const failed = new Set<string>();
  for (const record of Records) {
    const sequenceNumber = record.dynamodb.SequenceNumber;
    try {
      const change = changeOf(recordSchema.parse(record));
      if (change) changes.push({ sequenceNumber, change });
    } catch (error) {
      logger.error('stream record not understood', {
        sequenceNumber,
        error: error instanceof Error ? error : String(error),
      });
      failed.add(sequenceNumber);
    }
  }
  const uncounted = await countOrders(
    changes.map(({ change }) => change),
    store,
  );
  for (const { sequenceNumber, change } of changes) {
    if (uncounted.has(change.orderId)) failed.add(sequenceNumber);
  }
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

/** What a record changes in what is counted; undefined for other items, and when nothing that counts has changed. */
function changeOf({ eventName, dynamodb }: StreamRecord): OrderChange | undefined {
  if (unmarshall(dynamodb.Keys).sk !== 'ORDER') return undefined;
  const before = dynamodb.OldImage && orderFacts(unmarshall(dynamodb.OldImage));
  if (eventName === 'REMOVE') {
    return before && { orderId: before.orderId, version: before.version + 1, facts: undefined };
  }
  const after = orderFacts(unmarshall(dynamodb.NewImage ?? {}));
  return before && isSame(before, after) ? undefined : after;
}

function isSame(a: OrderFacts, b: OrderFacts): boolean {
  return JSON.stringify(a.facts) === JSON.stringify(b.facts);
}
