import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { CustomerIds } from '../../payments/payment-customers.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';
import { userKey } from './user-directory.ts';

const keptSchema = z.object({ providerCustomerId: z.string() });

/** The payment provider's ids of customers, in their user records. One conditional write each. */
export function createCustomerIds(client: Dynamo, usersTable: string): CustomerIds {
  return {
    async keep(userId, customerId) {
      const command = new UpdateCommand({
        TableName: usersTable,
        Key: userKey(userId),
        UpdateExpression: 'SET providerCustomerId = if_not_exists(providerCustomerId, :id)',
        // An account that was erased meanwhile does not come back by this.
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':id': customerId },
        ReturnValues: 'ALL_NEW',
      });
      try {
        const { Attributes } = await transiently(() => client.send(command));
        return keptSchema.parse(Attributes).providerCustomerId;
      } catch (error) {
        if (isConditionFailure(error)) return customerId;
        throw error;
      }
    },
  };
}
