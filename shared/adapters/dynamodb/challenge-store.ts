import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { ChallengeStore } from '../../identity/login-protection.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';

const challengeKey = (challengeId: string) => ({ pk: `CHALLENGE#${challengeId}` });
const hashSchema = z.object({ codeHash: z.string() });

/** Second factors that were asked for, in the Idempotency table, removed by its TTL. */
export function createChallengeStore(client: Dynamo, table: string): ChallengeStore {
  /** @returns the item as written; undefined when the condition was false */
  const update = async (command: UpdateCommand) => {
    try {
      return (await transiently(() => client.send(command))).Attributes;
    } catch (error) {
      if (isConditionFailure(error)) return undefined;
      throw error;
    }
  };

  return {
    async put({ challengeId, userId, codeHash, expiresAt }) {
      const command = new PutCommand({
        TableName: table,
        Item: {
          ...challengeKey(challengeId),
          userId,
          codeHash,
          attempts: 0,
          /** Milliseconds, as TTL has whole seconds only. */
          validUntil: expiresAt.getTime(),
          expiresAt: Math.ceil(expiresAt.getTime() / 1000),
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      await transiently(() => client.send(command));
    },

    async takeAttempt(challengeId, userId, limit, now) {
      const challenge = await update(
        new UpdateCommand({
          TableName: table,
          Key: challengeKey(challengeId),
          UpdateExpression: 'ADD attempts :one',
          ConditionExpression:
            'userId = :userId AND validUntil > :now AND attempts < :limit AND attribute_not_exists(used)',
          ExpressionAttributeValues: {
            ':one': 1,
            ':userId': userId,
            ':now': now.getTime(),
            ':limit': limit,
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return challenge && hashSchema.parse(challenge).codeHash;
    },

    async use(challengeId) {
      const used = await update(
        new UpdateCommand({
          TableName: table,
          Key: challengeKey(challengeId),
          UpdateExpression: 'SET used = :yes',
          ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(used)',
          ExpressionAttributeValues: { ':yes': true },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return used !== undefined;
    },
  };
}
