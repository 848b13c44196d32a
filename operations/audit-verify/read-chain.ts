import { GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { readSealItem } from '../../shared/adapters/dynamodb/audit-seals.ts';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { transiently } from '../../shared/adapters/dynamodb/faults.ts';
import { type Head, type Seal, type StoredEntry, storedEntrySchema } from '../../shared/audit/seal.ts';
import type { ChainLink } from '../../shared/audit/verify-chain.ts';
import type { Pace } from '../support/pace.ts';

export interface TrailTables {
  readonly dynamo: Dynamo;
  readonly audit: string;
  readonly seals: string;
  readonly pace: Pace;
}

export interface ChainPage {
  readonly links: readonly ChainLink[];
  readonly isLast: boolean;
  /** The chain's head, as far as it was read: on the last page. */
  readonly head: Head | undefined;
}

/**
 * Reads a chain from both tables side by side, strongly, and pairs each entry with its seal: they lie in the order of
 * the same keys. What is held at one time is a page of each table, however long the chain is.
 */
export async function* readChain(tables: TrailTables, chain: string): AsyncGenerator<ChainPage> {
  const seals = pagesOf(tables, tables.seals, chain);
  const entries = pagesOf(tables, tables.audit, chain);
  let open: { seals: KeyedSeal[]; entries: StoredEntry[] } = { seals: [], entries: [] };
  let head: Head | undefined;
  let [sealsEnd, entriesEnd] = [false, false];
  for (;;) {
    const moved: ChainLink[] = [];
    // Seals first: an entry has its seal after it was written, and never leaves.
    while (open.seals.length === 0 && !sealsEnd) {
      const page = await seals.next();
      sealsEnd = page.done === true;
      for (const item of page.value ?? []) {
        const read = readSealItem(item);
        if (!read) continue;
        if ('head' in read) head = read.head;
        // One that lies where it does not belong would be in the way of the others.
        else (read.seal.entry === read.key ? open.seals : moved).push(read);
      }
    }
    while (open.entries.length === 0 && !entriesEnd) {
      const page = await entries.next();
      entriesEnd = page.done === true;
      open.entries.push(...(page.value ?? []).map((item) => storedEntrySchema.parse(item)));
    }
    const paired = pair(open.seals, open.entries, { sealsEnd, entriesEnd });
    open = paired.open;
    const isLast = sealsEnd && entriesEnd && open.seals.length === 0 && open.entries.length === 0;
    yield { links: [...moved, ...paired.links], isLast, head };
    if (isLast) return;
  }
}

/** One entry as it is now; undefined when there is none. */
export async function readEntry(
  { dynamo, audit, pace }: TrailTables,
  pk: string,
  sk: string,
): Promise<StoredEntry | undefined> {
  const command = new GetCommand({
    TableName: audit,
    Key: { pk, sk },
    ConsistentRead: true,
    ReturnConsumedCapacity: 'TOTAL',
  });
  const { Item, ConsumedCapacity } = await transiently(() => dynamo.send(command));
  await pace(ConsumedCapacity?.CapacityUnits ?? 0);
  return Item && storedEntrySchema.parse(Item);
}

interface KeyedSeal {
  readonly key: string;
  readonly seal: Seal;
}

/** Pairs until one side runs out that has more to come. */
function pair(
  seals: readonly KeyedSeal[],
  entries: readonly StoredEntry[],
  { sealsEnd, entriesEnd }: { readonly sealsEnd: boolean; readonly entriesEnd: boolean },
) {
  const links: ChainLink[] = [];
  let [nextSeal, nextEntry] = [0, 0];
  for (;;) {
    const sealed = seals[nextSeal];
    const entry = entries[nextEntry];
    if ((!sealed && !sealsEnd) || (!entry && !entriesEnd) || !(sealed ?? entry)) break;
    const order = sealed && entry ? compareKeys(sealed.key, entry.sk) : sealed ? -1 : 1;
    if (sealed && order <= 0) nextSeal += 1;
    if (entry && order >= 0) nextEntry += 1;
    links.push({
      key: (order <= 0 ? sealed?.key : entry?.sk) ?? '',
      ...(order <= 0 ? { seal: sealed?.seal } : {}),
      ...(order >= 0 ? { entry } : {}),
    });
  }
  return { links, open: { seals: seals.slice(nextSeal), entries: entries.slice(nextEntry) } };
}

/** As DynamoDB sorts texts: by their bytes. */
function compareKeys(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function* pagesOf({ dynamo, pace }: TrailTables, TableName: string, chain: string) {
  let position: Record<string, unknown> | undefined;
  do {
    const { Items, LastEvaluatedKey, ConsumedCapacity } = await transiently(() =>
      dynamo.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :chain',
          ExpressionAttributeValues: { ':chain': chain },
          ConsistentRead: true,
          ReturnConsumedCapacity: 'TOTAL',
          ...(position ? { ExclusiveStartKey: position } : {}),
        }),
      ),
    );
    yield Items ?? [];
    position = LastEvaluatedKey;
    await pace(ConsumedCapacity?.CapacityUnits ?? 0);
  } while (position);
}
