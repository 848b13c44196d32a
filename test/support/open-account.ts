import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { isConditionFailure } from '../../shared/adapters/dynamodb/faults.ts';
import { userKey } from '../../shared/adapters/dynamodb/user-directory.ts';
import type { TestDynamo } from './dynamo.ts';

/** Orders are placed for open accounts alone: says that the user's is one, unless there is a record. */
export async function openAccount({ client, table }: TestDynamo, userId: string): Promise<void> {
  const Item = { ...userKey(userId), disabled: false };
  const command = new PutCommand({
    TableName: table('users'),
    Item,
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  try {
    await client.send(command);
  } catch (error) {
    if (!isConditionFailure(error)) throw error;
  }
}
