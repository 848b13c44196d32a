import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { transiently } from '../../shared/adapters/dynamodb/faults.ts';

type Item = Record<string, unknown>;

export interface ScanPace {
  /** Read units a second that the scan may take of what customers need. */
  readonly unitsPerSecond: number;
  readonly onPage?: (itemsSoFar: number) => void;
}

const itemsPerPage = 250;

/** Every item of a table, page by page and no faster than told. Strong reads: what is missing is not there. */
export async function* scan(client: Dynamo, table: string, pace: ScanPace): AsyncGenerator<Item[]> {
  let position: Item | undefined;
  let seen = 0;
  do {
    const begun = performance.now();
    const page = await transiently(() =>
      client.send(
        new ScanCommand({
          TableName: table,
          ConsistentRead: true,
          Limit: itemsPerPage,
          ReturnConsumedCapacity: 'TOTAL',
          ...(position ? { ExclusiveStartKey: position } : {}),
        }),
      ),
    );
    const items = page.Items ?? [];
    seen += items.length;
    pace.onPage?.(seen);
    yield items;
    position = page.LastEvaluatedKey;
    const due = (1000 * (page.ConsumedCapacity?.CapacityUnits ?? 0)) / pace.unitsPerSecond;
    const left = due - (performance.now() - begun);
    if (position && left > 0) await sleep(left);
  } while (position);
}
