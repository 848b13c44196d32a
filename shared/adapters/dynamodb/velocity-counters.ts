import * as z from 'zod';
import type { ValidationReader } from '../../orders/checkout/ports.ts';
import type { CounterMove } from '../../payments/velocity.ts';
import { batchGetOf } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { toProduct } from './product-item.ts';
import type { RetryEffects, TransactItem } from './transact.ts';

const counterKey = (key: string) => ({ pk: key });
const namedSchema = z.object({ pk: z.string() });
/** Beside the slots an item has its key and its time to live. */
const slotsSchema = z.record(z.string(), z.unknown()).transform((item) => {
  const slots = Object.entries(item).filter(([name]) => /^s\d+$/.test(name));
  return Object.fromEntries(slots.map(([name, count]) => [name, z.int().parse(count)]));
});

/** One more order in a counter of the Idempotency table, as part of the placing. Two write units. */
export function countUp(table: string, { key, slot, expiresAt }: CounterMove): TransactItem {
  return {
    Update: {
      TableName: table,
      Key: counterKey(key),
      UpdateExpression: 'SET expiresAt = :expiresAt ADD #slot :one',
      ExpressionAttributeNames: { '#slot': slot },
      ExpressionAttributeValues: { ':expiresAt': expiresAt, ':one': 1 },
    },
  };
}

/** Products and counters in one call, all strongly consistent: an order's own placing must be seen. */
export function createValidationReader(
  client: Dynamo,
  tables: { readonly products: string; readonly idempotency: string },
  effects: RetryEffects,
): ValidationReader {
  return {
    async read(productIds, counterKeys) {
      const wanted = new Map<string, Readonly<Record<string, string>>[]>([
        [tables.products, [...new Set(productIds)].map((productId) => ({ productId }))],
        [tables.idempotency, counterKeys.map(counterKey)],
      ]);
      const found = await batchGetOf(client, wanted, effects, { consistent: true });
      const products = (found.get(tables.products) ?? []).map(toProduct);
      const counters = (found.get(tables.idempotency) ?? []).map(
        (item) => [namedSchema.parse(item).pk, slotsSchema.parse(item)] as const,
      );
      return {
        products: new Map(products.map((product) => [product.productId, product])),
        counters: new Map(counters),
      };
    },
  };
}
