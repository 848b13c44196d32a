import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { TransientError } from '../../errors.ts';
import type { ErasureRegister } from '../../identity/personal-data.ts';
import { auditItem } from './audit-trail.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { isFalseCondition, type RetryEffects, transact } from './transact.ts';
import { userKey } from './user-directory.ts';
import { emailKey, usernameKey } from './user-store.ts';

export const erasureKey = (userId: string) => ({ pk: `ERASURE#${userId}` });
const erasureSchema = z.object({
  userId: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
});

/** Erasures in the Users table, one small item each that stays for good. */
export function createErasureRegister(
  client: Dynamo,
  tables: { users: string; audit: string },
  retry: RetryEffects,
): ErasureRegister {
  const TableName = tables.users;
  return {
    async find(userId) {
      const { Item } = await transiently(() =>
        client.send(new GetCommand({ TableName, Key: erasureKey(userId), ConsistentRead: true })),
      );
      return Item && erasureSchema.parse(Item);
    },

    async removeUser({ userId, email, username }, erasure) {
      // A name that has changed hands belongs to somebody else by now.
      const ours = {
        ConditionExpression: 'attribute_not_exists(pk) OR userId = :userId',
        ExpressionAttributeValues: { ':userId': userId },
      };
      const reasons = await transact(
        client,
        [
          {
            Delete: {
              TableName,
              Key: userKey(userId),
              ConditionExpression:
                'attribute_exists(erasureStartedAt) AND email = :email AND username = :name',
              ExpressionAttributeValues: { ':email': email, ':name': username },
            },
          },
          { Delete: { TableName, Key: emailKey(email), ...ours } },
          { Delete: { TableName, Key: usernameKey(username), ...ours } },
          { Put: { TableName, Item: { ...erasureKey(userId), ...erasure } } },
        ],
        retry,
      );
      if (reasons) {
        throw new TransientError('The account changed while it was erased; the erasure may be repeated');
      }
    },

    async finish(userId, finishedAt, entry) {
      const reasons = await transact(
        client,
        [
          {
            Update: {
              TableName,
              Key: erasureKey(userId),
              UpdateExpression: 'SET finishedAt = :at',
              ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(finishedAt)',
              ExpressionAttributeValues: { ':at': finishedAt },
            },
          },
          { Put: { TableName: tables.audit, Item: auditItem(entry) } },
        ],
        retry,
      );
      // Two at once: the other one finished it, and its entry stands.
      if (reasons && !isFalseCondition(reasons[0])) {
        throw new TransientError('The erasure could not be finished; it may be repeated');
      }
    },
  };
}
