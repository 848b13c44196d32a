import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { StockWatch } from '../../inventory/stock-watch.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { conditionally } from './faults.ts';
import { type RetryEffects, tryAgain } from './transact.ts';

const watchedSchema = z.object({
  productId: z.string(),
  availableCount: z.number(),
  lowStockThreshold: z.number(),
  lowStockSince: z.string().optional(),
  archived: z.boolean(),
});
type Watched = z.infer<typeof watchedSchema>;
type Change = Omit<UpdateCommandInput, 'TableName' | 'Key'>;

/**
 * One strong read of the products, and a write only where a mark changes. Of several orders that take the last
 * pieces together, the one that reads last sees the crossing, so none is missed.
 */
export function createStockWatch(client: Dynamo, table: string, effects: RetryEffects): StockWatch {
  /** Does nothing when the product is no longer as it was read. */
  const updateIf = async (productId: string, change: Change) => {
    const command = new UpdateCommand({ TableName: table, Key: { productId }, ...change });
    // A hold of the same product may be under way, as many are when stock runs out.
    await tryAgain(() => conditionally(() => client.send(command)), effects);
  };
  return {
    async look(productIds, at) {
      const keys = [...new Set(productIds)].map((productId) => ({ productId }));
      const items = await batchGet(client, table, keys, effects, { consistent: true });
      await Promise.all(
        items.map(async (item) => {
          const product = watchedSchema.parse(item);
          const change = changeOfMark(product, at);
          if (change) await updateIf(product.productId, change);
        }),
      );
    },
  };
}

function changeOfMark(product: Watched, at: Date): Change | undefined {
  const isLow = product.availableCount <= product.lowStockThreshold;
  const isMarked = product.lowStockSince !== undefined;
  if (isLow && !isMarked && !product.archived) {
    return {
      UpdateExpression: 'SET lowStockSince = :since',
      ConditionExpression: 'attribute_not_exists(lowStockSince) AND availableCount <= lowStockThreshold',
      ExpressionAttributeValues: { ':since': at.toISOString() },
    };
  }
  if (!isLow && isMarked) {
    return {
      UpdateExpression: 'REMOVE lowStockSince',
      ConditionExpression: 'availableCount > lowStockThreshold',
    };
  }
  return undefined;
}
