import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { ProductSearch } from '../../catalogue/product-store.ts';
import { wordQuery } from '../../catalogue/search-words.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { lists } from './listing-item.ts';
import type { Entry } from './listing-walk.ts';

/** Listings of one or several lists in the order of the sort, with the places to go on from. */
export interface Walk {
  head(): Promise<Entry | 'end' | 'spent'>;
  take(): void;
  /** By list: the last position that was gone past. */
  passed(): Record<string, string>;
}

interface Ports {
  readonly client: Dynamo;
  readonly listings: string;
}

/** Enough of a list to tell how thinly it is spread. */
const probed = 50;

/** The smallest list that everything searched for stands in. */
export async function listFor(
  ports: Ports,
  { q, category }: Pick<ProductSearch, 'q' | 'category'>,
): Promise<string> {
  const [first, ...others] = (q === undefined ? undefined : wordQuery(q))?.keys.map(lists.word) ?? [];
  if (first === undefined) return category === undefined ? lists.all : lists.category(category);
  if (others.length === 0) return first;
  const probes = await Promise.all([first, ...others].map((list) => probe(ports, list)));
  return probes.reduce((best, next) => (isThinner(next, best) ? next : best)).list;
}

interface Probe {
  readonly list: string;
  readonly size: number;
  /** Where the newest listings that were counted end; undefined when there are no more. */
  readonly end: string | undefined;
}

/** Of two lists that go on, the same number of listings reaches further back in the thinner one. */
function isThinner(a: Probe, b: Probe): boolean {
  if (a.end === undefined || b.end === undefined) {
    return a.end === undefined && (b.end !== undefined || a.size < b.size);
  }
  return a.end < b.end;
}

async function probe({ client, listings }: Ports, list: string): Promise<Probe> {
  const { Count = 0, LastEvaluatedKey } = await transiently(() =>
    client.send(
      new QueryCommand({
        TableName: listings,
        KeyConditionExpression: '#list = :list',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: { ':list': list },
        Select: 'COUNT',
        ScanIndexForward: false,
        Limit: probed,
      }),
    ),
  );
  return { list, size: Count, end: LastEvaluatedKey && String(LastEvaluatedKey.position) };
}

const filteredPage = 100;

/** Listings to read at once: no more than the page where none is passed over. */
export function pageSize(isFiltered: boolean, limit: number): number {
  return isFiltered ? Math.max(filteredPage, limit + 1) : limit + 1;
}
