import { randomUUID } from 'node:crypto';
import { TransactWriteCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Random } from '../../effects.ts';
import { TransientError } from '../../errors.ts';
import type { Dynamo } from './client.ts';
import {
  type CancellationReason,
  cancellationReasons,
  isTransientCancellation,
  transiently,
} from './faults.ts';

export type TransactItems = NonNullable<TransactWriteCommandInput['TransactItems']>;
export type TransactItem = TransactItems[number];

/** DynamoDB's own bound of one transaction. */
export const maximumActions = 100;

export interface RetryEffects {
  readonly random: Random;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

const usualRetries = 3;
const firstDelayMilliseconds = 25;

/**
 * Writes all items or none, trying again for a short while when other transactions or throttles are in the way.
 * @returns undefined when written; else the reasons, one for each item, of which one at least is a false condition
 * @throws TransientError when the way stays blocked; nothing was written then
 */
export async function transact(
  client: Dynamo,
  items: TransactItems,
  effects: RetryEffects,
  { retries = usualRetries }: { readonly retries?: number } = {},
): Promise<readonly CancellationReason[] | undefined> {
  // One for all tries: a try whose answer was lost must not meet its own items as somebody else's.
  const token = randomUUID();
  return tryAgain(() => transactOnce(client, items, token), effects, retries);
}

/** Makes a call again, for a short while, when other transactions or throttles are in its way. */
export async function tryAgain<T>(
  call: () => Promise<T>,
  effects: RetryEffects,
  retries = usualRetries,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TransientError) || attempt === retries) throw error;
    }
    await effects.sleep(firstDelayMilliseconds * 2 ** attempt * (0.5 + effects.random()));
  }
}

async function transactOnce(client: Dynamo, items: TransactItems, token: string) {
  const command = new TransactWriteCommand({ TransactItems: items, ClientRequestToken: token });
  try {
    await transiently(() => client.send(command));
    return undefined;
  } catch (error) {
    const reasons = cancellationReasons(error);
    if (!reasons?.some(isFalseCondition)) throw error;
    // A conflict hides whether that action's own condition holds, so the false ones alone decide nothing.
    const others = reasons.filter((reason) => !isFalseCondition(reason));
    if (isTransientCancellation(others)) {
      throw new TransientError('Another transaction is in the way', error);
    }
    return reasons;
  }
}

export function isFalseCondition(reason: CancellationReason | undefined): boolean {
  return reason?.code === 'ConditionalCheckFailed';
}
