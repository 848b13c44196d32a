import { GetCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { AuditEntry } from '../../audit/audit-entry.ts';
import type { Product } from '../../catalogue/product.ts';
import type { ProductReader, ProductStore, StockAdjustment } from '../../catalogue/product-store.ts';
import { TransientError } from '../../errors.ts';
import { auditItem } from './audit-trail.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { listingActions } from './listing-item.ts';
import { toProduct } from './product-item.ts';
import { searchProducts } from './product-search.ts';
import { stockChangeItem } from './stock-change-item.ts';
import {
  isFalseCondition,
  maximumActions,
  type RetryEffects,
  type TransactItem,
  transact,
} from './transact.ts';

export interface ReaderTables {
  readonly products: string;
  readonly listings: string;
}

export interface ProductTables extends ReaderTables {
  readonly inventory: string;
  readonly audit: string;
}

/** Alternatives are a courtesy: no more is read for them than usually suffices. */
const productsPerAlternatives = 40;

/** The catalogue for those who only read it. */
export function createProductReader(
  client: Dynamo,
  { products, listings }: ReaderTables,
  effects: RetryEffects,
): ProductReader {
  const load = loadProducts(client, products, effects);
  const ports = { client, listings, load: (ids: readonly string[]) => load(ids, { consistent: false }) };
  return {
    find: (productId) => findProduct(client, products, productId),
    findMany: (productIds) => load(productIds, { consistent: true }),
    async alternatives(category, except, limit) {
      if (limit < 1) return [];
      const search = { sort: 'newest', category, inStock: true, market: {} } as const;
      const wanted = { limit: limit + except.length };
      const page = await searchProducts(ports, search, wanted, productsPerAlternatives);
      return page.items.filter(({ productId }) => !except.includes(productId)).slice(0, limit);
    },
  };
}

export function createProductStore(
  client: Dynamo,
  tables: ProductTables,
  effects: RetryEffects,
): ProductStore {
  const load = loadProducts(client, tables.products, effects);
  const ports = {
    client,
    listings: tables.listings,
    load: (ids: readonly string[]) => load(ids, { consistent: false }),
  };
  const auditPut = (entry: AuditEntry) => ({ Put: { TableName: tables.audit, Item: auditItem(entry) } });
  const write = writeListed(client, tables.listings, effects);
  return {
    ...createProductReader(client, tables, effects),
    list: (search, page) => searchProducts(ports, search, page),

    async create(product, initialStock, audit) {
      const Put = {
        TableName: tables.products,
        Item: product,
        ConditionExpression: 'attribute_not_exists(productId)',
      };
      const ledgerPut = { Put: { TableName: tables.inventory, Item: stockChangeItem(initialStock) } };
      const refusal = await write([{ Put }, ledgerPut, auditPut(audit)], undefined, product);
      if (refusal) throw new Error(`The product id ${product.productId} is in use`);
    },

    async update(before, edited, audit) {
      const Update = editOf(tables.products, edited, before.version);
      return (await write([{ Update }, auditPut(audit)], before, edited)) === undefined;
    },

    async adjustStock(adjustment) {
      const { change, audit, before } = adjustment;
      const Update = adjustmentOf(tables.products, adjustment);
      const ledgerPut = { Put: { TableName: tables.inventory, Item: stockChangeItem(change) } };
      const refusal = await transact(client, [{ Update }, ledgerPut, auditPut(audit)], effects);
      if (!refusal) return { done: true };
      if (!isFalseCondition(refusal[0])) throw new TransientError('The adjustment was cancelled');
      return { done: false, current: await findProduct(client, tables.products, before.productId) };
    },
  };
}

/**
 * Writes the record's own actions and the listings in one transaction. An edit of more than fits into one puts the
 * new listings before and takes the old ones away after: a listing too many is passed over, as the record
 * decides what is found, while one too few would hide the product.
 */
function writeListed(client: Dynamo, table: string, effects: RetryEffects) {
  const writeAll = async (actions: readonly TransactItem[]) => {
    for (let start = 0; start < actions.length; start += maximumActions) {
      await transact(client, actions.slice(start, start + maximumActions), effects);
    }
  };
  return async (actions: readonly TransactItem[], before: Product | undefined, after: Product) => {
    const { puts, deletes } = listingActions(table, before, after);
    const whole = [...actions, ...puts, ...deletes];
    if (whole.length <= maximumActions) return transact(client, whole, effects);
    await writeAll(puts);
    const refusal = await transact(client, [...actions], effects);
    if (!refusal) await writeAll(deletes);
    return refusal;
  };
}

async function findProduct(client: Dynamo, table: string, productId: string): Promise<Product | undefined> {
  const { Item } = await transiently(() =>
    client.send(new GetCommand({ TableName: table, Key: { productId }, ConsistentRead: true })),
  );
  return Item && toProduct(Item);
}

function loadProducts(client: Dynamo, table: string, effects: RetryEffects) {
  return async (productIds: readonly string[], options: { consistent: boolean }) => {
    const keys = [...new Set(productIds)].map((productId) => ({ productId }));
    const items = await batchGet(client, table, keys, effects, options);
    return new Map(items.map(toProduct).map((product) => [product.productId, product]));
  };
}

type Update = Required<Pick<UpdateCommandInput, 'UpdateExpression'>> & UpdateCommandInput;

/** Sets what Admins edit and leaves the counts to those who hold, sell and adjust meanwhile. */
function editOf(table: string, edited: Product, expected: number): Update {
  const { productId, stockCount: _, availableCount: __, imageUrl, ...fields } = edited;
  const set: Record<string, unknown> = { ...fields, ...(imageUrl === undefined ? {} : { imageUrl }) };
  const names = Object.keys(set);
  const setExpression = `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`;
  return {
    TableName: table,
    Key: { productId },
    UpdateExpression: imageUrl === undefined ? `${setExpression} REMOVE imageUrl` : setExpression,
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, set[name]])),
      ':expected': expected,
    },
  };
}

function adjustmentOf(table: string, { before, after, change }: StockAdjustment): Update {
  return {
    TableName: table,
    Key: { productId: before.productId },
    UpdateExpression:
      'SET stockCount = stockCount + :delta, availableCount = availableCount + :delta, ' +
      'updatedBy = :by, updatedAt = :at, auditLogs = :logs, #version = :version' +
      // Above its threshold again, the product can cross it anew.
      (after.availableCount > after.lowStockThreshold ? ' REMOVE lowStockSince' : ''),
    // Version and stock as read make the audit's before and after true; holds may go on meanwhile.
    ConditionExpression: '#version = :expected AND stockCount = :stock AND availableCount >= :least',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: {
      ':delta': change.delta,
      ':by': after.updatedBy,
      ':at': after.updatedAt,
      ':logs': after.auditLogs,
      ':version': after.version,
      ':expected': before.version,
      ':stock': before.stockCount,
      ':least': -change.delta,
    },
  };
}
