import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { HoldFinder } from '../../inventory/hold-finder.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';
import { holdExpiry, holdShards, rowKey, toHoldRow } from './inventory-row.ts';
import type { RetryEffects } from './transact.ts';

const rowsPerShard = 100;
const rowSchema = z.object({ orderId: z.string(), productId: z.string() });

/** One query for each partition of the sparse index; what is not expired is not read. */
export function createHoldFinder(client: Dynamo, table: string, effects: RetryEffects): HoldFinder {
  const expiredIn = async (shard: string, at: Date) => {
    const { Items = [] } = await transiently(() =>
      client.send(
        new QueryCommand({
          TableName: table,
          IndexName: 'byExpiry',
          KeyConditionExpression: 'holdShard = :shard AND heldUntil < :now',
          ExpressionAttributeValues: { ':shard': shard, ':now': at.toISOString() },
          Limit: rowsPerShard,
        }),
      ),
    );
    return Items.map((item) => rowSchema.parse(item));
  };
  return {
    async expired(at) {
      const rows = (await Promise.all(holdShards.map((shard) => expiredIn(shard, at)))).flat();
      const byOrder = Map.groupBy(rows, (row) => row.orderId);
      return [...byOrder].map(([orderId, held]) => ({
        orderId,
        productIds: held.map((row) => row.productId),
      }));
    },
    async isSold(orderId, productIds) {
      const keys = productIds.map((productId) => rowKey(orderId, productId));
      const items = await batchGet(client, table, keys, effects, { consistent: true });
      return items.length === keys.length && items.every((item) => toHoldRow(item).state === 'SOLD');
    },
    async extend({ orderId, productIds }, at) {
      for (const productId of productIds) {
        const command = new UpdateCommand({
          TableName: table,
          Key: rowKey(orderId, productId),
          UpdateExpression: 'SET heldUntil = :until',
          ConditionExpression: '#state = :held',
          ExpressionAttributeNames: { '#state': 'state' },
          ExpressionAttributeValues: { ':until': holdExpiry(at), ':held': 'HELD' },
        });
        // One that was sold or released meanwhile stays as it is.
        await conditionally(() => client.send(command));
      }
    },
  };
}
