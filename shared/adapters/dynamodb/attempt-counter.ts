import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { TransientError } from '../../errors.ts';
import type { AttemptCounter } from '../../identity/login-protection.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';

const counterSchema = z.object({
  /** Those that run and those that failed. */
  attempts: z.number(),
  failures: z.number(),
  /** In seconds: until when the failures count. Successes do not move it. */
  failedUntil: z.number(),
  /** In seconds: from then on what still runs has been cut off. */
  takenUntil: z.number(),
});
type Counter = z.infer<typeof counterSchema>;

/** Between two writes to a counter that is out of date others may write to it too. */
const tries = 6;

/** Longer than any request runs: an attempt that has not ended by then died with its Lambda. */
const secondsToEnd = 60;

/**
 * Counters in the Idempotency table, removed by its TTL; what is still there past its time does not count.
 * One write unit a call, one or two more where something has run out.
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
    await conditionally(() => client.send(new UpdateCommand(input)));
  };

  /** Every way out of date in which a counter can be, each put right by one write that others may win. */
  const tidy = async (
    name: string,
    { failures, attempts, failedUntil, takenUntil }: Counter,
    now: number,
  ) => {
    if (failures > 0 && failedUntil <= now) {
      await updateIfFit({
        ...key(name),
        UpdateExpression: 'SET attempts = attempts - failures, failures = :zero',
        ConditionExpression: 'failures > :zero AND failedUntil <= :now',
        ExpressionAttributeValues: { ':zero': 0, ':now': now },
      });
      return true;
    }
    if (attempts > failures && takenUntil <= now) {
      await updateIfFit({
        ...key(name),
        UpdateExpression: 'SET attempts = failures',
        ConditionExpression: 'attempts > failures AND takenUntil <= :now',
        ExpressionAttributeValues: { ':now': now },
      });
      return true;
    }
    return false;
  };

  return {
    async take(name, limit, now, windowSeconds) {
      const seconds = Math.floor(now.getTime() / 1000);
      for (let time = 0; time < tries; time += 1) {
        const { written, counter } = await update({
          ...key(name),
          UpdateExpression:
            'SET takenUntil = :soon, expiresAt = :late, failures = if_not_exists(failures, :zero), ' +
            'failedUntil = if_not_exists(failedUntil, :zero) ADD attempts :one',
          ConditionExpression:
            'attribute_not_exists(pk) OR ((failures = :zero OR failedUntil > :now) AND ' +
            '(attempts <= failures OR takenUntil > :now) AND attempts < :limit AND failures < :limit)',
          ExpressionAttributeValues: {
            ':zero': 0,
            ':one': 1,
            ':now': seconds,
            ':soon': seconds + secondsToEnd,
            ':late': seconds + Math.max(windowSeconds, secondsToEnd),
            ':limit': limit,
          },
        });
        if (counter && (written || !(await tidy(name, counter, seconds)))) {
          const { failures, failedUntil, takenUntil } = counter;
          const until = new Date((failures > 0 ? failedUntil : takenUntil) * 1000);
          return { kind: written ? 'taken' : 'exhausted', failures, until };
        }
      }
      throw new TransientError('A counter of attempts changed under every try');
    },
    async fail(name, now, windowSeconds) {
      const seconds = Math.floor(now.getTime() / 1000);
      for (let time = 0; time < tries; time += 1) {
        const { written, counter } = await update({
          ...key(name),
          UpdateExpression: 'SET failedUntil = :until, expiresAt = :until ADD failures :one',
          ConditionExpression: 'attribute_exists(pk) AND (failures = :zero OR failedUntil > :now)',
          ExpressionAttributeValues: {
            ':zero': 0,
            ':one': 1,
            ':now': seconds,
            ':until': seconds + windowSeconds,
          },
        });
        // What ran out in the meantime must not live on with this failure.
        if (written || !counter || !(await tidy(name, counter, seconds))) return;
      }
      throw new TransientError('A counter of attempts changed under every try');
    },
    giveBack: (name) =>
      updateIfFit({
        ...key(name),
        UpdateExpression: 'ADD attempts :minusOne',
        ConditionExpression: 'attempts > failures',
        ExpressionAttributeValues: { ':minusOne': -1 },
      }),
    forget: (name) =>
      updateIfFit({
        ...key(name),
        UpdateExpression: 'SET attempts = attempts - failures, failures = :zero',
        ConditionExpression: 'failures > :zero AND attempts >= failures',
        ExpressionAttributeValues: { ':zero': 0 },
      }),
  };
}
