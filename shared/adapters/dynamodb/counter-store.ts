import * as z from 'zod';
import type { AppliedOrder, CounterStore } from '../../insights/counter-store.ts';
import type { Counter } from '../../insights/counters.ts';
import { salesFactsSchema } from '../../insights/sales-facts.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { appliedKey, counterItemKey } from './insight-items.ts';
import { type RetryEffects, type TransactItem, transact } from './transact.ts';

const appliedSchema = z.object({
  orderId: z.string(),
  version: z.int(),
  facts: salesFactsSchema.optional(),
  milestones: z.array(z.string()).optional(),
  givenBack: z.int().optional(),
});

/** Counters in the Insights table. Two write units for each counter and mark; score counters also move in byScore. */
export function createCounterStore(client: Dynamo, table: string, effects: RetryEffects): CounterStore {
  return {
    async findApplied(orderIds) {
      const items = await batchGet(client, table, orderIds.map(appliedKey), effects, { consistent: true });
      const marks = items.map((item) => appliedSchema.parse(item));
      return new Map(marks.map(({ orderId, ...applied }) => [orderId, applied]));
    },
    async apply(orders, counters) {
      const items = [
        ...orders.map((order) => markOf(table, order)),
        ...counters.map((counter) => moveOf(table, counter)),
      ];
      return (await transact(client, items, effects)) === undefined;
    },
  };
}

function markOf(table: string, { orderId, before, applied }: AppliedOrder): TransactItem {
  return {
    Put: {
      TableName: table,
      Item: { ...appliedKey(orderId), orderId, ...applied },
      ...(before === undefined
        ? { ConditionExpression: 'attribute_not_exists(pk)' }
        : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before } }),
    },
  };
}

function moveOf(table: string, counter: Counter): TransactItem {
  const fields = Object.entries(counter.add);
  const named = counter.name !== undefined;
  return {
    Update: {
      TableName: table,
      Key: counterItemKey(counter),
      UpdateExpression: [
        `ADD ${fields.map((_, index) => `#field${index} :by${index}`).join(', ')}`,
        ...(named ? ['SET #name = :name'] : []),
      ].join(' '),
      ExpressionAttributeNames: {
        ...Object.fromEntries(fields.map(([field], index) => [`#field${index}`, field])),
        ...(named ? { '#name': 'name' } : {}),
      },
      ExpressionAttributeValues: {
        ...Object.fromEntries(fields.map(([, by], index) => [`:by${index}`, by])),
        ...(named ? { ':name': counter.name } : {}),
      },
    },
  };
}
