import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { DeliveryRecords } from '../../notifications/delivery-ports.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';

const secondsKept = 30 * 24 * 3600;
const countSchema = z.object({ sends: z.coerce.number() });

/**
 * Records of deliveries in the Idempotency table, which expire by its TTL. Two write units a recipient. Each write
 * knows its own by the attempt's id when the SDK repeats it, the answer to the first having been lost.
 */
export function createDeliveryRecords(client: Dynamo, table: string): DeliveryRecords {
  return {
    async claim(key, { id, now, until, most }) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression:
          'SET #state = :claimed, attempt = :attempt, claimedUntil = :until, expiresAt = :expiresAt, ' +
          'sends = if_not_exists(sends, :none) + :one',
        ConditionExpression:
          'attribute_not_exists(pk) OR (#state = :claimed AND claimedUntil <= :now AND ' +
          // A record that is not counted was given back, or never ended, by a version before.
          '(attribute_not_exists(sends) OR sends < :most))',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':claimed': 'claimed',
          ':attempt': id,
          ':now': now.toISOString(),
          ':until': until.toISOString(),
          ':expiresAt': Math.floor(now.getTime() / 1000) + secondsKept,
          ':most': most,
          ':none': 0,
          ':one': 1,
        },
        ReturnValues: 'UPDATED_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        const { Attributes } = await transiently(() => client.send(command));
        return { status: 'claimed', ...countSchema.parse(Attributes) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const { state, attempt, claimedUntil, sends } = error.Item ?? {};
        if (state?.S === 'done') return { status: 'done' };
        if (attempt?.S === id) return { status: 'claimed', ...countSchema.parse({ sends: sends?.N }) };
        const isOver = claimedUntil?.S !== undefined && claimedUntil.S <= now.toISOString();
        return { status: isOver ? 'spent' : 'busy' };
      }
    },
    async complete(key, attemptId, outcome) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression: 'SET #state = :done, outcome = :outcome, attempt = :attempt',
        ConditionExpression: '#state = :claimed',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':claimed': 'claimed',
          ':done': 'done',
          ':outcome': outcome,
          ':attempt': attemptId,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        await transiently(() => client.send(command));
        return true;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return error.Item?.attempt?.S === attemptId;
      }
    },
    async release(key, attemptId) {
      const command = new UpdateCommand({
        TableName: table,
        Key: { pk: key },
        UpdateExpression: 'SET claimedUntil = :past, sends = sends - :one REMOVE attempt',
        ConditionExpression: '#state = :claimed AND attempt = :attempt',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':past': new Date(0).toISOString(),
          ':one': 1,
          ':claimed': 'claimed',
          ':attempt': attemptId,
        },
      });
      await conditionally(() => client.send(command));
    },
  };
}
