import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { mapAtOnce } from '../../at-once.ts';
import { type AuditEntry, auditEntrySchema, erasedWhere } from '../../audit/audit-entry.ts';
import { TransientError } from '../../errors.ts';
import { withoutPersonalTrace } from '../../orders/erase-order.ts';
import { changeOrder, OrderMissingError, type OrderStore } from '../../orders/order-store.ts';
import { auditItem } from './audit-trail.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';
import { queryAll } from './query-all.ts';

interface TraceTables {
  readonly audit: string;
  readonly products: string;
}

/** Keys and index attributes are not part of an entry. */
const storedEntrySchema = z.object(auditEntrySchema.shape);
const mirrorSchema = z.object({ auditLogs: z.array(z.record(z.string(), z.unknown())) });
const attempts = 5;
/** Partitions read, and entries written, side by side. */
const atOnce = 8;

/**
 * What the trail has on a person: entries about them, about their orders, and about whatever they did. The
 * partitions are read strongly; the index, which may lag, adds what they did to things that are not theirs, and
 * orders of theirs that were deleted.
 */
export async function findTraces(
  client: Dynamo,
  table: string,
  userId: string,
  orderIds: readonly string[],
): Promise<AuditEntry[]> {
  const byActor = {
    TableName: table,
    IndexName: 'byActor',
    KeyConditionExpression: 'actorId = :actor',
    ExpressionAttributeValues: { ':actor': userId },
  };
  const acts = (await queryAll(client, byActor)).map((item) => storedEntrySchema.parse(item));
  const orders = new Set([...orderIds, ...ordersPlaced(userId, acts)]);
  const partitions = [`USER#${userId}`, ...[...orders].map((orderId) => `ORDER#${orderId}`)];
  const read = await mapAtOnce(partitions, atOnce, (pk) => {
    const own = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': pk } };
    return queryAll(client, { TableName: table, ConsistentRead: true, ...own });
  });
  const entries = [...read.flat().map((item) => storedEntrySchema.parse(item)), ...acts];
  const unique = new Map(entries.map((entry) => [`${entry.entity.id}#${entry.entryId}`, entry]));
  return [...unique.values()].sort((a, b) => (a.at < b.at ? 1 : -1));
}

function ordersPlaced(userId: string, entries: readonly AuditEntry[]): string[] {
  return entries
    .filter(({ action, actor }) => action === 'order.created' && actor.id === userId)
    .map(({ entity }) => entity.id);
}

/**
 * The one change that is ever made to the trail: what tells where an erased person came from, and free text,
 * becomes `erased`. Who did what and when stays, under the opaque id.
 */
export async function eraseTraces(
  client: Dynamo,
  tables: TraceTables,
  orders: Pick<OrderStore, 'find' | 'save'>,
  userId: string,
  orderIds: readonly string[],
): Promise<void> {
  const traces = await findTraces(client, tables.audit, userId, orderIds);
  const own = new Set([...orderIds, ...ordersPlaced(userId, traces)]);
  await mapAtOnce(traces, atOnce, async (entry) => {
    const isOwnOrder = entry.entity.type === 'order' && own.has(entry.entity.id);
    const kept = isOwnOrder ? withoutPersonalTrace(entry, userId) : withoutPlaceOf(userId, entry);
    if (!isSame(kept, entry)) {
      // The mirror first: once the entry is clean nothing would lead to the mirror any more.
      if (!isOwnOrder) await eraseMirror(client, tables.products, orders, userId, entry);
      await rewrite(client, tables.audit, kept);
    }
  });
}

function withoutPlaceOf<T extends AuditEntry>(userId: string, entry: T): T {
  const isTheirs = entry.actor.id === userId && entry.where !== undefined;
  return isTheirs ? { ...entry, where: erasedWhere } : entry;
}

function isSame(a: AuditEntry, b: AuditEntry): boolean {
  return a.where?.ip === b.where?.ip && a.reason === b.reason;
}

async function rewrite(client: Dynamo, table: string, entry: AuditEntry): Promise<void> {
  const { pk, sk } = auditItem(entry);
  const { where, reason } = entry;
  const texts = Object.entries({ where, reason }).filter(([, value]) => value !== undefined);
  const command = new UpdateCommand({
    TableName: table,
    Key: { pk, sk },
    UpdateExpression: `SET ${texts.map(([name]) => `#${name} = :${name}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(texts.map(([name]) => [`#${name}`, name])),
    ExpressionAttributeValues: Object.fromEntries(texts.map(([name, value]) => [`:${name}`, value])),
  });
  await transiently(() => client.send(command));
}

/** Staff leave a copy of what they did on the product or order that they did it to. */
async function eraseMirror(
  client: Dynamo,
  products: string,
  orders: Pick<OrderStore, 'find' | 'save'>,
  userId: string,
  { entity }: AuditEntry,
): Promise<void> {
  if (entity.type === 'product') {
    await eraseProductMirror(client, products, userId, entity.id);
  }
  if (entity.type === 'order') {
    await changeOrder(orders, entity.id, (order) => {
      const auditLogs = order.auditLogs.map((entry) => withoutPlaceOf(userId, entry));
      const isClean = auditLogs.every((entry, index) => entry === order.auditLogs[index]);
      return isClean ? undefined : { ...order, auditLogs };
    }).catch(ignoreMissing);
  }
}

/** An Admin may have deleted the order meanwhile. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof OrderMissingError)) throw error;
}

/** Compare and set on the mirrored entries alone: the product's version is its Admins', who edited nothing here. */
async function eraseProductMirror(
  client: Dynamo,
  table: string,
  userId: string,
  productId: string,
): Promise<void> {
  const key = { TableName: table, Key: { productId } };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { Item } = await transiently(() => client.send(new GetCommand({ ...key, ConsistentRead: true })));
    if (!Item) return;
    const { auditLogs } = mirrorSchema.parse(Item);
    const clean = auditLogs.map((stored) => {
      const entry = auditEntrySchema.parse(stored);
      const kept = withoutPlaceOf(userId, entry);
      return isSame(kept, entry) ? stored : kept;
    });
    if (clean.every((entry, index) => entry === auditLogs[index])) return;
    const command = new UpdateCommand({
      ...key,
      UpdateExpression: 'SET auditLogs = :clean',
      ConditionExpression: 'auditLogs = :read',
      ExpressionAttributeValues: { ':clean': clean, ':read': auditLogs },
    });
    if (await conditionally(() => client.send(command))) return;
  }
  throw new TransientError(`The audit mirror of product ${productId} keeps changing`);
}
