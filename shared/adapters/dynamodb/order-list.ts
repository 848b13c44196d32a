import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { Page, PageRequest } from '../../api/list.ts';
import type { Order } from '../../orders/order.ts';
import type { OrderFilter } from '../../orders/order-store.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { orderKey, toOrder } from './order-item.ts';
import { type Bounds, boundsOf, type Partition, partitions } from './order-list-range.ts';
import type { RetryEffects } from './transact.ts';

interface ListPorts {
  readonly client: Dynamo;
  readonly table: string;
  readonly effects: RetryEffects;
}

/** Entries that one query passes over for a filter, and queries of one index that a request may take. */
const readPerQuery = 1000;
const maximumQueries = 5;
/** Of an entry of an index, and of the key that a query stops at. */
const idSchema = z.object({ orderId: z.string() });

/**
 * Lists orders newest first: ids by Query on the index that fits the filter, then the orders of this page by
 * BatchGet, so that status changes rewrite no copies in indexes. What one request reads is bounded: a page may
 * be short, or even empty, and still have a next one.
 */
export async function listOrders(
  ports: ListPorts,
  filter: OrderFilter,
  page: PageRequest,
): Promise<Page<Order>> {
  const bounds = boundsOf(filter, page);
  const { ids: found, next } = await findIds(ports, filter, bounds, page.limit + 1);
  const ids = found.slice(0, page.limit);
  const orders = await load(ports, ids);
  const position = found.length > page.limit ? ids.at(-1) : next;
  const isListed = ({ status }: Order) => filter.status === undefined || status === filter.status;
  return {
    // An index runs behind: an order may have moved on since, or be gone.
    items: ids.flatMap((id) => orders.get(id) ?? []).filter(isListed),
    ...(position === undefined ? {} : { next: { orderId: position } }),
  };
}

interface Found {
  readonly ids: string[];
  /** Where the search broke off; undefined when it came to the end of the list. */
  readonly next?: string | undefined;
}

/** Goes through the partitions in waves that double, so that a run of empty months takes few rounds. */
async function findIds(
  ports: ListPorts,
  filter: OrderFilter,
  bounds: Bounds,
  wanted: number,
): Promise<Found> {
  const { all, next } = partitions(filter, bounds);
  const ids: string[] = [];
  for (let start = 0, wave = 1; start < all.length && ids.length < wanted; start += wave, wave *= 2) {
    const parts = await Promise.all(
      all
        .slice(start, start + wave)
        .map((partition) => queryIds(ports, partition, filter.status, bounds, wanted - ids.length)),
    );
    for (const part of parts) {
      ids.push(...part.ids);
      if (part.next !== undefined) return { ids, next: part.next };
    }
  }
  return { ids, next };
}

async function queryIds(
  { client, table }: ListPorts,
  { index, key, value }: Partition,
  status: OrderFilter['status'],
  { low, high, after }: Bounds,
  wanted: number,
): Promise<Found> {
  const filtersStatus = status !== undefined && index !== 'byStatus';
  const input: QueryCommandInput = {
    TableName: table,
    IndexName: index,
    KeyConditionExpression: '#key = :value AND orderId BETWEEN :low AND :high',
    ExpressionAttributeNames: { '#key': key, ...(filtersStatus ? { '#status': 'status' } : {}) },
    ExpressionAttributeValues: {
      ':value': value,
      ':low': low,
      ':high': high,
      ...(filtersStatus ? { ':status': status } : {}),
    },
    ...(filtersStatus ? { FilterExpression: '#status = :status' } : {}),
    ScanIndexForward: false,
  };
  const ids: string[] = [];
  let position: Record<string, unknown> | undefined;
  for (let query = 0; query < maximumQueries; query += 1) {
    const answer = await transiently(() =>
      client.send(
        new QueryCommand({
          ...input,
          // The order that the last page ended with is within the bounds: one too many. What the filter passes
          // over counts too, so once the first entries were not enough many are read at once.
          Limit: query === 0 ? wanted + 1 : readPerQuery,
          ...(position ? { ExclusiveStartKey: position } : {}),
        }),
      ),
    );
    const read = (answer.Items ?? []).map((item) => idSchema.parse(item).orderId);
    ids.push(...read.filter((id) => id !== after));
    position = answer.LastEvaluatedKey;
    if (!position || ids.length >= wanted) return { ids: ids.slice(0, wanted) };
  }
  return { ids, next: idSchema.parse(position).orderId };
}

async function load(
  { client, table, effects }: ListPorts,
  ids: readonly string[],
): Promise<Map<string, Order>> {
  const items = await batchGet(client, table, ids.map(orderKey), effects, { consistent: true });
  return new Map(items.map((item) => toOrder(item)).map((order) => [order.orderId, order]));
}
