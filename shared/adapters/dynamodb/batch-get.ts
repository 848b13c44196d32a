import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { TransientError } from '../../errors.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import type { RetryEffects } from './transact.ts';

type Key = Readonly<Record<string, string>>;

const keysPerCall = 100;
const attempts = 4;
const firstDelayMilliseconds = 25;

/**
 * Reads items by key, in no order, asking again for what DynamoDB left out. Keys must differ.
 * @throws TransientError when it keeps leaving some out
 */
export async function batchGet(
  client: Dynamo,
  table: string,
  keys: readonly Key[],
  effects: RetryEffects,
  options: { consistent: boolean },
): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  for (let start = 0; start < keys.length; start += keysPerCall) {
    let open: Record<string, unknown>[] = [...keys.slice(start, start + keysPerCall)];
    for (let attempt = 0; open.length > 0; attempt += 1) {
      if (attempt === attempts) throw new TransientError(`DynamoDB leaves ${open.length} keys unread`);
      if (attempt > 0) await effects.sleep(firstDelayMilliseconds * 2 ** attempt * (0.5 + effects.random()));
      const request = { [table]: { Keys: open, ConsistentRead: options.consistent } };
      const answer = await transiently(() => client.send(new BatchGetCommand({ RequestItems: request })));
      items.push(...(answer.Responses?.[table] ?? []));
      open = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    }
  }
  return items;
}
