import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { ErasureLookup } from '../../audit/erasure-lookup.ts';
import { customerOf, placedAction } from '../../audit/verify-chain.ts';
import type { Dynamo } from './client.ts';
import { erasureKey } from './erasure-register.ts';
import { transiently } from './faults.ts';
import { queryAll } from './query-all.ts';

/** Reads the register of erasures, and of an order's trail who placed it. */
export function createErasureLookup(
  client: Dynamo,
  tables: { readonly users: string; readonly audit: string },
): ErasureLookup {
  return {
    async isErased(userId) {
      const { Item } = await transiently(() =>
        client.send(
          new GetCommand({
            TableName: tables.users,
            Key: erasureKey(userId),
            ProjectionExpression: 'pk',
            ConsistentRead: true,
          }),
        ),
      );
      return Item !== undefined;
    },

    async customerOf(orderChain) {
      const placings = await queryAll(client, {
        TableName: tables.audit,
        KeyConditionExpression: 'pk = :chain',
        FilterExpression: '#action = :placed',
        ProjectionExpression: 'actor',
        ExpressionAttributeNames: { '#action': 'action' },
        ExpressionAttributeValues: { ':chain': orderChain, ':placed': placedAction },
        ConsistentRead: true,
      });
      return customerOf(placings);
    },
  };
}
