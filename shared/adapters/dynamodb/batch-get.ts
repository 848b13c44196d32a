import { BatchGetCommand, type BatchGetCommandInput } from '@aws-sdk/lib-dynamodb';
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
  const items = await batchGetOf(client, new Map([[table, keys]]), effects, options);
  return items.get(table) ?? [];
}

/** As `batchGet`, of several tables at once: up to a hundred keys of all of them are one call. */
export async function batchGetOf(
  client: Dynamo,
  keysByTable: ReadonlyMap<string, readonly Key[]>,
  effects: RetryEffects,
  options: { consistent: boolean },
): Promise<Map<string, Record<string, unknown>[]>> {
  const items = new Map<string, Record<string, unknown>[]>();
  const wanted = [...keysByTable].flatMap(([table, keys]) => keys.map((key) => ({ table, key })));
  for (let start = 0; start < wanted.length; start += keysPerCall) {
    let open: { table: string; key: Record<string, unknown> }[] = wanted.slice(start, start + keysPerCall);
    for (let attempt = 0; open.length > 0; attempt += 1) {
      if (attempt === attempts) throw new TransientError(`DynamoDB leaves ${open.length} keys unread`);
      if (attempt > 0) await effects.sleep(firstDelayMilliseconds * 2 ** attempt * (0.5 + effects.random()));
      const RequestItems: NonNullable<BatchGetCommandInput['RequestItems']> = {};
      for (const { table, key } of open) {
        const Keys = RequestItems[table]?.Keys ?? [];
        RequestItems[table] = { Keys: [...Keys, key], ConsistentRead: options.consistent };
      }
      const answer = await transiently(() => client.send(new BatchGetCommand({ RequestItems })));
      for (const [table, found] of Object.entries(answer.Responses ?? {})) {
        items.set(table, [...(items.get(table) ?? []), ...found]);
      }
      open = Object.entries(answer.UnprocessedKeys ?? {}).flatMap(([table, { Keys = [] }]) =>
        Keys.map((key) => ({ table, key })),
      );
    }
  }
  return items;
}
