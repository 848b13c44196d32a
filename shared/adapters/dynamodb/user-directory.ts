import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { type User, userSchema } from '../../identity/user.ts';
import type { UserDirectory } from '../../identity/user-directory.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';

export const userKey = (userId: string) => ({ pk: `USER#${userId}` });

/** Keys and index attributes that the table needs and the record does not have. */
const storedUserSchema = userSchema.extend({}).strip();

export function toUser(item: unknown): User {
  return storedUserSchema.parse(item);
}

export function createUserDirectory(client: Dynamo, table: string): UserDirectory {
  return {
    async find(userId) {
      const { Item } = await transiently(() =>
        client.send(new GetCommand({ TableName: table, Key: userKey(userId), ConsistentRead: true })),
      );
      return Item && toUser(Item);
    },
  };
}
