import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { OnceStore } from '../../workflow/once.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';

const secondsKept = 30 * 24 * 3600;

/**
 * Claims in the Idempotency table, which expire by its TTL. Two write units an effect. Each attempt leaves an id of
 * its own: the SDK repeats a write whose answer was lost, and is then refused by the claim that it has just taken.
 */
export function createOnceStore(
  client: Dynamo,
  table: string,
  newAttempt: () => string = randomUUID,
): OnceStore {
  return {
    async claim(key, now, until) {
      const attempt = newAttempt();
      const command = new PutCommand({
        TableName: table,
        Item: {
          pk: key,
          state: 'claimed',
          attempt,
          claimedUntil: until.toISOString(),
          expiresAt: Math.floor(now.getTime() / 1000) + secondsKept,
        },
        ConditionExpression: 'attribute_not_exists(pk) OR (#state = :claimed AND claimedUntil <= :now)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':claimed': 'claimed', ':now': now.toISOString() },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        await transiently(() => client.send(command));
        return 'claimed';
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        if (error.Item?.state?.S === 'done') return 'done';
        return error.Item?.attempt?.S === attempt ? 'claimed' : 'busy';
      }
    },
    async complete(key) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression: 'SET #state = :done',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: { ':done': 'done' },
      });
      await transiently(() => client.send(command));
    },
    async release(key, until) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression: 'SET claimedUntil = :past',
        ConditionExpression: '#state = :claimed AND claimedUntil = :until',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':past': new Date(0).toISOString(),
          ':claimed': 'claimed',
          ':until': until.toISOString(),
        },
      });
      await conditionally(() => client.send(command));
    },
  };
}
