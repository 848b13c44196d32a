import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { type PriceListRange, priceLists } from '../../catalogue/price-lists.ts';
import type { Quote } from '../../catalogue/pricing.ts';
import type { ProductSearch } from '../../catalogue/product-store.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { amountAt, type Listing, lists, pricePosition } from './listing-item.ts';
import { type Budget, type Entry, type Hit, type ListWalk, nextHit, walkList } from './listing-walk.ts';
import { listFor, pageSize, type Walk } from './search-plan.ts';

/** Search results up to so many listings are ranked in memory; beyond, they are dense enough to walk the prices. */
const ranked = 500;
/** Lists that one page may come from; its cursor has a place for each. */
const maximumSources = 10;

interface PriceWalk {
  readonly search: ProductSearch;
  readonly match: (listing: Listing) => Quote | undefined;
  readonly budget: Budget;
  /** By list of prices: where the former page ended. */
  readonly after: Readonly<Record<string, string>>;
  readonly limit: number;
}

interface Ports {
  readonly client: Dynamo;
  readonly listings: string;
}

/** Products in the order of their price in a market, out of the lists of each price that can be meant. */
export async function walkByPrice(ports: Ports, walk: PriceWalk): Promise<Walk> {
  const { search, after } = walk;
  if (search.q !== undefined) {
    const found = await rankFound(ports, walk);
    if (found) return found;
  }
  const sources = await readSources(ports);
  const ranges = priceLists(search.market, search.rates, sources, search);
  const open = ranges.map((range) => ({ ...range, walk: openList(ports, walk, range) }));
  return merge(open, search.sort === 'price', after);
}

function openList(ports: Ports, { search, match, budget, after, limit }: PriceWalk, range: PriceListRange) {
  return walkList(
    { client: ports.client, table: ports.listings },
    {
      list: lists.price(range.list, search.category),
      by: 'position',
      forward: search.sort === 'price',
      from: pricePosition(range.from),
      to: pricePosition(range.to, '\u{10ffff}'),
      after: after[range.list],
      pageSize: pageSize(search.q !== undefined || search.inStock !== undefined, limit),
    },
    // A product stands in a list for each of its prices, but counts in the one that the market's price comes from.
    (listing) => {
      const quote = match(listing);
      return quote?.listed.list === range.list ? quote : undefined;
    },
    budget,
  );
}

interface OpenList extends PriceListRange {
  readonly walk: ListWalk;
}

/**
 * All lists in step, by the market's price of each listing, searched for or not: a list that has nothing of what is
 * searched for is read no further than the others.
 */
function merge(open: readonly OpenList[], ascending: boolean, after: Readonly<Record<string, string>>): Walk {
  let first: ListWalk | undefined;
  return {
    async head() {
      const heads = await Promise.all(
        open.map(async ({ walk, ...at }) => ({ walk, at, entry: await walk.head() })),
      );
      if (heads.some(({ entry }) => entry === 'spent')) return 'spent';
      const ranked = heads.flatMap(({ walk, at, entry }) =>
        typeof entry === 'string' ? [] : [{ walk, entry, place: placeOf(entry, at) }],
      );
      const [best] = ranked.sort((a, b) => compare(a.place, b.place, ascending));
      first = best?.walk;
      return best?.entry ?? 'end';
    },
    take: () => first?.take(),
    passed: () => ({
      ...after,
      ...Object.fromEntries(
        open.flatMap(({ list, walk }) => {
          const at = walk.passed();
          return at === undefined ? [] : [[list, at]];
        }),
      ),
    }),
  };
}

/** Where a listing stands in the market's order. */
interface Place {
  readonly price: number;
  readonly list: string;
  readonly position: string;
}

function placeOf({ listing: { position } }: Entry, { list, amountOf }: PriceListRange): Place {
  return { list, position, price: amountOf(amountAt(position)) ?? Number.MAX_SAFE_INTEGER };
}

/** Reads all that the words find and sorts it; undefined when that is too much to read. */
async function rankFound(ports: Ports, { search, match, after }: PriceWalk): Promise<Walk | undefined> {
  const walk = walkList(
    { client: ports.client, table: ports.listings },
    { list: await listFor(ports, search), by: 'position', forward: false, pageSize: ranked },
    match,
    { listings: ranked },
  );
  const ascending = search.sort === 'price';
  const hits: Hit[] = [];
  for (;;) {
    const hit = await nextHit(walk);
    if (hit === 'spent') return undefined;
    if (hit === 'end') break;
    walk.take();
    const last = after[hit.quote.listed.list];
    const { position } = foundAt(hit);
    if (last === undefined || (ascending ? position > last : position < last)) hits.push(hit);
  }
  hits.sort((a, b) => compare(foundAt(a), foundAt(b), ascending));
  let next = 0;
  let passed: Record<string, string> = { ...after };
  return {
    head: async () => hits[next] ?? 'end',
    take() {
      const hit = hits[next++];
      if (hit) passed = { ...passed, [hit.quote.listed.list]: foundAt(hit).position };
    },
    passed: () => passed,
  };
}

/** Where a hit stands in the list that its price comes from, whichever list it was found in. */
function foundAt({ listing, quote: { price, listed } }: Hit): Place {
  return {
    price: price.amount,
    list: listed.list,
    position: pricePosition(listed.amount, listing.productId),
  };
}

/** By price; equal prices by list and by their place in it, so that a page goes on where its lists were left. */
function compare(a: Place, b: Place, ascending: boolean): number {
  const order = a.price - b.price || inOrder(a.list, b.list) || inOrder(a.position, b.position);
  return ascending ? order : -order;
}

function inOrder(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

async function readSources({ client, listings }: Ports): Promise<string[]> {
  const { Items = [] } = await transiently(() =>
    client.send(
      new QueryCommand({
        TableName: listings,
        KeyConditionExpression: '#list = :list',
        ExpressionAttributeNames: { '#list': 'list' },
        ExpressionAttributeValues: { ':list': lists.sources },
        Limit: maximumSources,
      }),
    ),
  );
  return Items.map((item) => String(item.position));
}
