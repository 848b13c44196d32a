import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { TransientError } from '../../errors.ts';
import type { AttemptCounter } from '../../identity/login-protection.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';

const counterSchema = z.object({ attempts: z.number(), failures: z.number(), expiresAt: z.number() });
type Counter = z.infer<typeof counterSchema>;

/** Between the two writes of a counter that has run out others may start it anew. */
const tries = 3;

/**
 * Counters in the Idempotency table, removed by its TTL. As TTL removes late, an old counter that is still
 * there counts as none. One write unit a call.
 */
export function createAttemptCounter(client: Dynamo, table: string): AttemptCounter {
  const key = (name: string) => ({ TableName: table, Key: { pk: `ATTEMPTS#${name}` } });

  /** @returns the counter as written, or as it stood when the condition was false */
  const update = async (
    input: UpdateCommandInput,
  ): Promise<{ written: boolean; counter: Counter | undefined }> => {
    const command = new UpdateCommand({
      ...input,
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    try {
      const { Attributes } = await transiently(() => client.send(command));
      return { written: true, counter: counterSchema.parse(Attributes) };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const { Item } = error;
      return { written: false, counter: Item && counterSchema.parse(unmarshall(Item)) };
    }
  };

  const updateIfFit = async (input: UpdateCommandInput): Promise<void> => {
    try {
      await transiently(() => client.send(new UpdateCommand(input)));
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
    }
  };

  return {
    async take(name, limit, now, windowSeconds) {
      const seconds = Math.floor(now.getTime() / 1000);
      const values = { ':zero': 0, ':one': 1, ':now': seconds, ':until': seconds + windowSeconds };
      for (let time = 0; time < tries; time += 1) {
        const counted = await update({
          ...key(name),
          UpdateExpression:
            'SET expiresAt = :until, failures = if_not_exists(failures, :zero) ADD attempts :one',
          // Attempts that run when a success resets the counter may fail after it, hence both.
          ConditionExpression:
            'attribute_not_exists(pk) OR (expiresAt > :now AND attempts < :limit AND failures < :limit)',
          ExpressionAttributeValues: { ...values, ':limit': limit },
        });
        const { written, counter } = counted;
        if (counter && (written || counter.expiresAt > seconds)) {
          const { failures, expiresAt } = counter;
          return { kind: written ? 'taken' : 'exhausted', failures, until: new Date(expiresAt * 1000) };
        }
        const restarted = await update({
          ...key(name),
          UpdateExpression: 'SET expiresAt = :until, attempts = :one, failures = :zero',
          ConditionExpression: 'expiresAt <= :now',
          ExpressionAttributeValues: values,
        });
        if (restarted.written) {
          return { kind: 'taken', failures: 0, until: new Date(values[':until'] * 1000) };
        }
      }
      throw new TransientError('A counter of attempts changed under every try');
    },
    fail: (name, now, windowSeconds) =>
      updateIfFit({
        ...key(name),
        UpdateExpression: 'SET expiresAt = :until ADD failures :one',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':one': 1, ':until': Math.floor(now.getTime() / 1000) + windowSeconds },
      }),
    giveBack: (name) =>
      updateIfFit({
        ...key(name),
        UpdateExpression: 'ADD attempts :minusOne',
        ConditionExpression: 'attempts > :zero',
        ExpressionAttributeValues: { ':minusOne': -1, ':zero': 0 },
      }),
    reset: (name) =>
      updateIfFit({
        ...key(name),
        UpdateExpression: 'SET attempts = :zero, failures = :zero',
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':zero': 0 },
      }),
  };
}
