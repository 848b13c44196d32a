import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Quote } from '../../catalogue/pricing.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { type Listing, listingSchema } from './listing-item.ts';

/** How many listings a request may still read; walks of one request share it. */
export interface Budget {
  listings: number;
}

export interface ListRange {
  readonly list: string;
  /** Sorted by this attribute: the table's own position, or the index by name. */
  readonly by: 'position' | 'nameKey';
  readonly forward: boolean;
  /** Inclusive bounds. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Where a former page ended; that listing itself is passed over. */
  readonly after?: string | undefined;
  /** How many listings to read at once. */
  readonly pageSize: number;
}

/** A listing, with its price in the market if it is one that is searched for. */
export interface Entry {
  readonly listing: Listing;
  readonly quote: Quote | undefined;
}

export interface Hit extends Entry {
  readonly quote: Quote;
}

/** One list, walked from listing to listing. */
export interface ListWalk {
  /** The listing that it stands before; `end` after the last one, `spent` when the budget stops it. */
  head(): Promise<Entry | 'end' | 'spent'>;
  /** Goes past the head. */
  take(): void;
  /** The last position that was gone past; undefined before the first. */
  passed(): string | undefined;
}

const lowest = '\u0001';
const highest = '\u{10ffff}';
const largerPage = 250;

export function walkList(
  { client, table }: { client: Dynamo; table: string },
  range: ListRange,
  match: (listing: Listing) => Quote | undefined,
  budget: Budget,
): ListWalk {
  let read: Listing[] = [];
  let next = 0;
  let startKey: Record<string, unknown> | undefined;
  let isRead = false;
  let queries = 0;
  let passed = range.after;
  let found: Entry | undefined;

  const readMore = async () => {
    const after = queries === 0 ? range.after : undefined;
    const size = queries === 0 ? range.pageSize : largerPage;
    const { Items = [], LastEvaluatedKey } = await transiently(() =>
      client.send(
        new QueryCommand({
          TableName: table,
          ...(range.by === 'nameKey' ? { IndexName: 'byName' } : {}),
          KeyConditionExpression: '#list = :list AND #by BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#list': 'list', '#by': range.by },
          ExpressionAttributeValues: { ':list': range.list, ...bounds(range) },
          ScanIndexForward: range.forward,
          Limit: Math.max(1, Math.min(size + (after === undefined ? 0 : 1), budget.listings)),
          ...(startKey ? { ExclusiveStartKey: startKey } : {}),
        }),
      ),
    );
    queries += 1;
    budget.listings -= Items.length;
    read = Items.map((item) => listingSchema.parse(item)).filter((listing) => listing[range.by] !== after);
    next = 0;
    startKey = LastEvaluatedKey;
    isRead = LastEvaluatedKey === undefined;
  };

  return {
    async head() {
      for (;;) {
        if (found) return found;
        const listing = read[next];
        if (listing) {
          found = { listing, quote: match(listing) };
          next += 1;
        } else if (isRead) {
          return 'end';
        } else if (budget.listings <= 0) {
          return 'spent';
        } else {
          await readMore();
        }
      }
    },
    take() {
      passed = found?.listing[range.by] ?? passed;
      found = undefined;
    },
    passed: () => passed,
  };
}

/** The next hit of a walk, past everything before it. */
export async function nextHit<T extends Pick<ListWalk, 'head' | 'take'>>(
  walk: T,
): Promise<Hit | 'end' | 'spent'> {
  for (;;) {
    const entry = await walk.head();
    if (typeof entry === 'string') return entry;
    const { listing, quote } = entry;
    if (quote) return { listing, quote };
    walk.take();
  }
}

/** The end of the former page narrows the range; it never widens it, whatever a client sends as a cursor. */
function bounds({ from = lowest, to = highest, after, forward }: ListRange) {
  if (after === undefined) return { ':from': from, ':to': to };
  const start = forward && after > from ? after : from;
  const end = !forward && after < to ? after : to;
  return start <= end ? { ':from': start, ':to': end } : { ':from': start, ':to': start };
}
