import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Page, PageRequest } from '../../api/list.ts';
import { Problem } from '../../api/problem.ts';
import type { Product } from '../../catalogue/product.ts';
import type { ProductFilter, ProductSearch, ProductSort } from '../../catalogue/product-store.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { activeCatalogue, searchable } from './product-item.ts';

const indexes = {
  newest: { name: 'byNewest', key: 'productId', forward: false },
  name: { name: 'byName', key: 'nameKey', forward: true },
  price: { name: 'byPrice', key: 'priceKey', forward: true },
  '-price': { name: 'byPrice', key: 'priceKey', forward: false },
} as const satisfies Record<ProductSort, { name: string; key: string; forward: boolean }>;

/** One request looks at no more than these queries times entries; the rest is for the next page. */
const maximumQueries = 10;
const filteredEntriesPerQuery = 250;
const minimumLoad = 20;
const maximumLoad = 100;

/** Where a page ended: the value it is sorted by and the product. */
const positionSchema = z.strictObject({
  key: z.string().min(1).max(1024),
  productId: z.string().min(1).max(200),
});
type Position = z.infer<typeof positionSchema>;

export interface SearchPorts {
  readonly client: Dynamo;
  readonly table: string;
  readonly load: (productIds: readonly string[]) => Promise<Map<string, Product>>;
}

/**
 * Walks a listing index until the page is full, loads the products it names and keeps those that fit. Looks one
 * product ahead, so that a last page has no next one.
 */
export async function searchProducts(
  { client, table, load }: SearchPorts,
  search: ProductSearch,
  keep: ProductFilter,
  page: PageRequest,
): Promise<Page<Product>> {
  const found: { product: Product; position: Position }[] = [];
  let last = page.after && readPosition(page.after, search.sort);
  for (let queries = 0; queries < maximumQueries; queries += 1) {
    const missing = page.limit + 1 - found.length;
    const { entries, end } = await queryIndex(client, table, search, missing, last);
    for (let start = 0, size = 0; start < entries.length; start += size) {
      size = Math.min(maximumLoad, Math.max(minimumLoad, page.limit + 1 - found.length));
      const chunk = entries.slice(start, start + size);
      const products = await load(chunk.map((entry) => entry.productId));
      for (const position of chunk) {
        const product = products.get(position.productId);
        // An index may lag behind: the record itself says whether it is archived.
        if (product && !product.archived && keep(product)) found.push({ product, position });
      }
      if (found.length > page.limit) {
        const shown = found.slice(0, page.limit);
        return pageOf(shown, search.sort, shown.at(-1)?.position);
      }
    }
    if (!end) return pageOf(found, search.sort, undefined);
    last = end;
  }
  return pageOf(found, search.sort, last);
}

function pageOf(
  found: readonly { product: Product }[],
  sort: ProductSort,
  end: Position | undefined,
): Page<Product> {
  return { items: found.map(({ product }) => product), ...(end ? { next: { sort, ...end } } : {}) };
}

async function queryIndex(
  client: Dynamo,
  table: string,
  search: ProductSearch,
  missing: number,
  after: Position | undefined,
): Promise<{ entries: Position[]; end: Position | undefined }> {
  const index = indexes[search.sort];
  const filter = filterOf(search);
  const input: QueryCommandInput = {
    TableName: table,
    IndexName: index.name,
    KeyConditionExpression: 'catalogue = :active',
    ScanIndexForward: index.forward,
    Limit: filter ? filteredEntriesPerQuery : Math.max(missing, minimumLoad),
    ExpressionAttributeValues: { ':active': activeCatalogue, ...filter?.values },
    ...(filter ? { FilterExpression: filter.expression } : {}),
    ...(after
      ? {
          ExclusiveStartKey: {
            catalogue: activeCatalogue,
            productId: after.productId,
            [index.key]: after.key,
          },
        }
      : {}),
  };
  const { Items = [], LastEvaluatedKey } = await transiently(() => client.send(new QueryCommand(input)));
  const toPosition = ({ productId, [index.key]: key }: Record<string, unknown>): Position =>
    positionSchema.parse({ key: key ?? productId, productId });
  // What the filter drops is passed as well, so the end is not always the last entry.
  return { entries: Items.map(toPosition), end: LastEvaluatedKey && toPosition(LastEvaluatedKey) };
}

function filterOf({ category, q }: ProductSearch) {
  const words = q === undefined ? [] : [...new Set(searchable(q).split(/\s+/).filter(Boolean))];
  const clauses = words.map((_, index) => `contains(searchText, :word${index})`);
  const values: Record<string, string> = Object.fromEntries(
    words.map((word, index) => [`:word${index}`, word]),
  );
  if (category !== undefined) {
    clauses.push('category = :category');
    values[':category'] = category;
  }
  return clauses.length === 0 ? undefined : { expression: clauses.join(' AND '), values };
}

function readPosition({ sort, ...after }: Readonly<Record<string, string>>, wanted: ProductSort): Position {
  const position = positionSchema.safeParse(after);
  if (!position.success || sort !== wanted) {
    throw new Problem('validation_failed', 'The cursor is not one that this list answered.', {
      errors: [{ path: '/query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  return position.data;
}
