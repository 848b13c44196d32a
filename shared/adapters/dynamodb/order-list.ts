import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { decodeTime, encodeTime } from 'ulid';
import * as z from 'zod';
import type { Page, PageRequest } from '../../api/list.ts';
import { Problem } from '../../api/problem.ts';
import type { Order } from '../../orders/order.ts';
import type { OrderFilter } from '../../orders/order-store.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { monthOf, orderKey, toOrder } from './order-item.ts';
import type { RetryEffects } from './transact.ts';

interface ListPorts {
  readonly client: Dynamo;
  readonly table: string;
  readonly effects: RetryEffects;
}

/** The lowest and highest id of a millisecond: a ULID is ten characters of time and sixteen of chance. */
const lowest = (at: Date) => ulidTime(at) + '0'.repeat(16);
const highest = (at: Date) => ulidTime(at) + 'Z'.repeat(16);
/** ULIDs begin in 1970; no order was placed before. */
const ulidTime = (at: Date) => encodeTime(Math.max(0, at.getTime()));

const firstMonth = new Date('2024-01-01T00:00:00Z');
/** A request without a lower bound looks back through no more months than this at once. */
const maximumMonths = 36;
const idSchema = z.object({ orderId: z.string() });
/** A ULID, whose time has 48 bits. */
const positionSchema = z.strictObject({ orderId: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) });

interface Bounds {
  /** Lowest and highest id that the filter lets through; the list is empty when they are crossed. */
  readonly low: string;
  readonly high: string;
  /** The id that the last page ended with, which is within the bounds. */
  readonly after: string | undefined;
}

/**
 * Lists orders newest first: ids by Query on the index that fits the filter, then the orders of this page by
 * BatchGet, so that status changes rewrite no copies in indexes.
 */
export async function listOrders(
  ports: ListPorts,
  filter: OrderFilter,
  page: PageRequest,
): Promise<Page<Order>> {
  const found: string[] = [];
  const bounds = boundsOf(filter, page);
  for (const partition of partitions(filter, bounds)) {
    found.push(...(await queryIds(ports, partition, filter.status, bounds, page.limit + 1 - found.length)));
    if (found.length > page.limit) break;
  }
  const ids = found.slice(0, page.limit);
  const orders = await load(ports, ids);
  const last = ids.at(-1);
  return {
    items: ids.flatMap((id) => orders.get(id) ?? []),
    ...(found.length > page.limit && last !== undefined ? { next: { orderId: last } } : {}),
  };
}

/** @throws Problem validation_failed when the cursor is not one of this list */
function boundsOf({ from, to }: OrderFilter, page: PageRequest): Bounds {
  const position = page.after && positionSchema.safeParse(page.after);
  if (position && !position.success) {
    throw new Problem('validation_failed', 'The cursor is not one that this list answered.', {
      errors: [{ path: '/query/cursor', message: 'is not a cursor of this list' }],
    });
  }
  const after = position?.data.orderId;
  const latest = to ? highest(to) : 'Z'.repeat(26);
  return {
    low: from ? lowest(from) : '0',
    high: after !== undefined && after < latest ? after : latest,
    after,
  };
}

interface Partition {
  readonly index: string;
  readonly key: string;
  readonly value: string;
}

/** One partition for a user's or a status' orders; for all orders one a month, from the newest back. */
function partitions({ userId, status, from, to }: OrderFilter, { low, high, after }: Bounds): Partition[] {
  // DynamoDB refuses crossed bounds instead of finding nothing.
  if (low > high) return [];
  if (userId !== undefined) return [{ index: 'byUser', key: 'userId', value: userId }];
  if (status !== undefined) return [{ index: 'byStatus', key: 'status', value: status }];
  // Months to come have no orders: a bound far ahead must not use up the months to look through.
  const newest = new Date(
    Math.min(after === undefined ? (to?.getTime() ?? Infinity) : decodeTime(after), Date.now()),
  );
  const oldest = from ?? firstMonth;
  const months: Partition[] = [];
  const cursor = new Date(Date.UTC(newest.getUTCFullYear(), newest.getUTCMonth()));
  while (months.length < maximumMonths && monthOf(cursor.toISOString()) >= monthOf(oldest.toISOString())) {
    months.push({ index: 'byMonth', key: 'createdMonth', value: monthOf(cursor.toISOString()) });
    cursor.setUTCMonth(cursor.getUTCMonth() - 1);
  }
  return months;
}

async function queryIds(
  { client, table }: ListPorts,
  { index, key, value }: Partition,
  status: OrderFilter['status'],
  { low, high, after }: Bounds,
  wanted: number,
): Promise<string[]> {
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
    // The order that the last page ended with is within the bounds; it is one too many.
    Limit: wanted + 1,
  };
  const ids: string[] = [];
  let position: Record<string, unknown> | undefined;
  do {
    const answer = await transiently(() =>
      client.send(new QueryCommand({ ...input, ...(position ? { ExclusiveStartKey: position } : {}) })),
    );
    const read = (answer.Items ?? []).map((item) => idSchema.parse(item).orderId);
    ids.push(...read.filter((id) => id !== after));
    position = answer.LastEvaluatedKey;
  } while (position && ids.length < wanted);
  return ids.slice(0, wanted);
}

async function load(
  { client, table, effects }: ListPorts,
  ids: readonly string[],
): Promise<Map<string, Order>> {
  const items = await batchGet(client, table, ids.map(orderKey), effects, { consistent: true });
  return new Map(items.map((item) => toOrder(item)).map((order) => [order.orderId, order]));
}
