import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { LowStock, StockWatch } from '../../inventory/stock-watch.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';
import type { RetryEffects } from './transact.ts';

const watchedSchema = z.object({
  productId: z.string(),
  name: z.string(),
  availableCount: z.number(),
  lowStockThreshold: z.number(),
  lowStockSince: z.string().optional(),
});
type Watched = z.infer<typeof watchedSchema>;

/**
 * One strong read of the products, and a write only where a mark changes. Of several orders that take the last
 * pieces together, the one that reads last sees the crossing, so none is missed.
 */
export function createStockWatch(client: Dynamo, table: string, effects: RetryEffects): StockWatch {
  /** @returns false when the product is no longer as it was read */
  const updateIf = async (productId: string, change: Omit<UpdateCommandInput, 'TableName' | 'Key'>) => {
    try {
      await transiently(() =>
        client.send(new UpdateCommand({ TableName: table, Key: { productId }, ...change })),
      );
      return true;
    } catch (error) {
      if (isConditionFailure(error)) return false;
      throw error;
    }
  };

  const watch = async ({ lowStockSince, ...product }: Watched, at: Date): Promise<LowStock[]> => {
    const isLow = product.availableCount <= product.lowStockThreshold;
    if (isLow && lowStockSince !== undefined) return [{ ...product, since: lowStockSince }];
    if (isLow) {
      const since = at.toISOString();
      const isFirst = await updateIf(product.productId, {
        UpdateExpression: 'SET lowStockSince = :since',
        ConditionExpression: 'attribute_not_exists(lowStockSince) AND availableCount <= lowStockThreshold',
        ExpressionAttributeValues: { ':since': since },
      });
      return isFirst ? [{ ...product, since }] : [];
    }
    if (lowStockSince !== undefined) {
      await updateIf(product.productId, {
        UpdateExpression: 'REMOVE lowStockSince',
        ConditionExpression: 'availableCount > lowStockThreshold',
      });
    }
    return [];
  };

  return {
    async lowOf(productIds, at) {
      const keys = [...new Set(productIds)].map((productId) => ({ productId }));
      const items = await batchGet(client, table, keys, effects, { consistent: true });
      const low = await Promise.all(items.map((item) => watch(watchedSchema.parse(item), at)));
      return low.flat();
    },
  };
}
