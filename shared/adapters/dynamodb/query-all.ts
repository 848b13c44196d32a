import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';

/** Every item of a query, page after page. For partitions that one person fills, never for lists of all. */
export async function queryAll(client: Dynamo, input: QueryCommandInput): Promise<Record<string, unknown>[]> {
  const found: Record<string, unknown>[] = [];
  let position: Record<string, unknown> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await transiently(() =>
      client.send(new QueryCommand({ ...input, ...(position ? { ExclusiveStartKey: position } : {}) })),
    );
    found.push(...Items);
    position = LastEvaluatedKey;
  } while (position);
  return found;
}
