import * as z from 'zod';
import { systemActor } from '../../audit/audit-entry.ts';
import { holdMilliseconds, type StockLine } from '../../inventory/inventory-store.ts';
import { ledgerAttributes, productPartition } from './stock-change-item.ts';
import type { TransactItem } from './transact.ts';

/**
 * What an order has of a product, one row each. It only moves on:
 *   nothing → HELD → SOLD → RETURNED
 *   nothing, HELD or NONE → RELEASED
 *   nothing → NONE, when the order's hold left the product out
 * Rows stay in their last state, so that a hold or a sale that comes late finds its way barred.
 */
const stateSchema = z.enum(['HELD', 'NONE', 'SOLD', 'RETURNED', 'RELEASED']);
export type HoldState = z.infer<typeof stateSchema>;

const rowSchema = z.object({ productId: z.string(), quantity: z.number(), state: stateSchema });
export type HoldRow = z.infer<typeof rowSchema>;

export function toHoldRow(item: unknown): HoldRow {
  return rowSchema.parse(item);
}

/** A refused action's row, in DynamoDB's attribute-value form. */
const refusedRowSchema = z.object({ state: z.object({ S: stateSchema }) });

export function refusedState(item: unknown): HoldState | undefined {
  return item === undefined ? undefined : refusedRowSchema.parse(item).state.S;
}

export interface Tables {
  readonly products: string;
  readonly inventory: string;
}

export interface RowContext {
  readonly tables: Tables;
  readonly orderId: string;
  readonly at: Date;
}

export function rowKey(orderId: string, productId: string) {
  return { pk: productPartition(productId), sk: `ORDER#${orderId}` };
}

/** Rows that are HELD are spread over so many partitions of the index that lists them by expiry. */
const shards = 8;
export const holdShards = Array.from({ length: shards }, (_, shard) => `HELD#${shard}`);

/** ISO 8601. */
export function holdExpiry(at: Date): string {
  return new Date(at.getTime() + holdMilliseconds).toISOString();
}

function shardOf(orderId: string): string {
  const sum = [...orderId].reduce(
    (hash, character) => (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0,
    0,
  );
  return `HELD#${sum % shards}`;
}

/** nothing → HELD, if as much is free; or → NONE for a line of no pieces. The row's action is the last. */
export function holdActions({ tables, orderId, at }: RowContext, line: StockLine): TransactItem[] {
  const row = { ...rowKey(orderId, line.productId), ...line, orderId, heldAt: at.toISOString() };
  if (line.quantity === 0) {
    return [putRow(tables, { ...row, state: 'NONE' })];
  }
  const expiry = { holdShard: shardOf(orderId), heldUntil: holdExpiry(at) };
  return [
    {
      Update: {
        TableName: tables.products,
        Key: { productId: line.productId },
        UpdateExpression: 'SET availableCount = availableCount - :quantity',
        ConditionExpression: 'availableCount >= :quantity AND archived = :no',
        ExpressionAttributeValues: { ':quantity': line.quantity, ':no': false },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    putRow(tables, { ...row, ...expiry, state: 'HELD' }),
  ];
}

/** HELD → SOLD: the pieces leave the stock, and the row becomes one of the ledger. */
export function saleActions({ tables, orderId, at }: RowContext, line: StockLine): TransactItem[] {
  const ledger = ledgerAttributes({
    changeId: orderId,
    productId: line.productId,
    at: at.toISOString(),
    delta: -line.quantity,
    reason: 'sold',
    orderId,
    actor: systemActor.id,
  });
  return [
    productUpdate(tables, line, 'SET stockCount = stockCount - :quantity'),
    moveRow({ tables, orderId, at }, line, 'HELD', 'SOLD', ledger),
  ];
}

/** nothing → RELEASED: nothing to give back, but a hold that is still under way must fail. */
export function barActions({ tables, orderId, at }: RowContext, productId: string): TransactItem[] {
  const bar = { productId, quantity: 0, orderId, state: 'RELEASED', releasedAt: at.toISOString() };
  return [putRow(tables, { ...rowKey(orderId, productId), ...bar })];
}

/** HELD → RELEASED: the pieces are free again. */
export function releaseActions(context: RowContext, line: StockLine): TransactItem[] {
  const giveBack = 'SET availableCount = availableCount + :quantity';
  return [
    productUpdate(context.tables, line, giveBack),
    moveRow(context, line, 'HELD', 'RELEASED', { releasedAt: context.at.toISOString() }),
  ];
}

/** NONE → RELEASED. */
export function closeActions(context: RowContext, line: StockLine): TransactItem[] {
  return [moveRow(context, line, 'NONE', 'RELEASED', { releasedAt: context.at.toISOString() })];
}

/** SOLD → RETURNED: the pieces are in stock again, which is a change of its own in the ledger. */
export function returnActions(context: RowContext, line: StockLine): TransactItem[] {
  const { tables, orderId, at } = context;
  const change = {
    changeId: `${orderId}#return`,
    productId: line.productId,
    at: at.toISOString(),
    delta: line.quantity,
    reason: 'returned',
    orderId,
    actor: systemActor.id,
  };
  const giveBack = 'SET stockCount = stockCount + :quantity, availableCount = availableCount + :quantity';
  return [
    productUpdate(tables, line, giveBack),
    moveRow(context, line, 'SOLD', 'RETURNED', { returnedAt: at.toISOString() }),
    putRow(tables, {
      pk: productPartition(line.productId),
      sk: `RETURN#${orderId}`,
      ...ledgerAttributes(change),
    }),
  ];
}

function productUpdate(tables: Tables, line: StockLine, expression: string): TransactItem {
  return {
    Update: {
      TableName: tables.products,
      Key: { productId: line.productId },
      UpdateExpression: expression,
      ConditionExpression: 'attribute_exists(productId)',
      ExpressionAttributeValues: { ':quantity': line.quantity },
    },
  };
}

function putRow(tables: Tables, item: Record<string, unknown>): TransactItem {
  return {
    Put: {
      TableName: tables.inventory,
      Item: item,
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

function moveRow(
  { tables, orderId }: RowContext,
  line: StockLine,
  from: HoldState,
  to: HoldState,
  attributes: Readonly<Record<string, unknown>>,
): TransactItem {
  const set = Object.entries({ ...attributes, state: to }).filter(
    ([name]) => name !== 'orderId' && name !== 'productId',
  );
  return {
    Update: {
      TableName: tables.inventory,
      Key: rowKey(orderId, line.productId),
      // With them the row leaves the index of what is held.
      UpdateExpression: `SET ${set.map(([name]) => `#${name} = :${name}`).join(', ')} REMOVE holdShard, heldUntil`,
      ConditionExpression: '#state = :from AND #quantity = :quantity',
      ExpressionAttributeNames: {
        '#quantity': 'quantity',
        ...Object.fromEntries(set.map(([name]) => [`#${name}`, name])),
      },
      ExpressionAttributeValues: {
        ':from': from,
        ':quantity': line.quantity,
        ...Object.fromEntries(set.map(([name, value]) => [`:${name}`, value])),
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}
