import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { OnceStore } from '../../workflow/once.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';

const secondsKept = 30 * 24 * 3600;

/** Claims in the Idempotency table, which expire by its TTL. Two write units an effect. */
export function createOnceStore(client: Dynamo, table: string): OnceStore {
  return {
    async claim(key, now, until) {
      const command = new PutCommand({
        TableName: table,
        Item: {
          pk: key,
          state: 'claimed',
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
        return error.Item?.state?.S === 'done' ? 'done' : 'busy';
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
      try {
        await transiently(() => client.send(command));
      } catch (error) {
        if (!isConditionFailure(error)) throw error;
      }
    },
  };
}
