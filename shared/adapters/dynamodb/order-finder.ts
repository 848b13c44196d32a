import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { encodeTime } from 'ulid';
import * as z from 'zod';
import type { HeldFinder } from '../../orders/held-orders.ts';
import type { OrderFinder } from '../../orders/order-finder.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';

const ordersPerRun = 100;
const idSchema = z.object({ orderId: z.string() });

/** Queries on indexes: the first holds what is under way now, the second is sparse. Neither grows with the orders. */
export function createOrderFinder(client: Dynamo, table: string): OrderFinder & HeldFinder {
  const query = async (input: Omit<QueryCommandInput, 'TableName'>): Promise<string[]> => {
    const { Items = [] } = await transiently(() =>
      client.send(new QueryCommand({ TableName: table, Limit: ordersPerRun, ...input })),
    );
    return Items.map((item) => idSchema.parse(item).orderId);
  };
  return {
    pendingSince: (at) =>
      query({
        IndexName: 'byStatus',
        KeyConditionExpression: '#status = :pending AND orderId < :before',
        ExpressionAttributeNames: { '#status': 'status' },
        // An id begins with the time that it was made at.
        ExpressionAttributeValues: { ':pending': 'Pending', ':before': encodeTime(at.getTime()) },
      }),
    onHold: () =>
      query({
        IndexName: 'byStatus',
        KeyConditionExpression: '#status = :held',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':held': 'OnHold' },
      }),
    async reversing() {
      const kinds = await Promise.all(
        ['cancel', 'refund'].map((kind) =>
          query({
            IndexName: 'byReversal',
            KeyConditionExpression: 'reversing = :kind',
            ExpressionAttributeValues: { ':kind': kind },
          }),
        ),
      );
      return kinds.flat();
    },
  };
}
