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
import { markOf, noMark } from './stock-mark.ts';
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

/** Of an edit whose threshold orders cross meanwhile. */
const updateRounds = 5;
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
      // Orders go on taking stock meanwhile, without a new version: another look decides the mark anew.
      let current: Product | undefined = before;
      for (let round = 0; round < updateRounds; round += 1) {
        const Update = editOf(tables.products, edited, current);
        const refusal = await write([{ Update }, auditPut(audit)], before, edited);
        if (!refusal) return true;
        current = await findProduct(client, tables.products, before.productId);
        if (current?.version !== before.version) return false;
      }
      throw new TransientError(`The stock of ${before.productId} keeps crossing its threshold`);
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
function editOf(table: string, edited: Product, current: Product): Update {
  const { productId, stockCount: _, availableCount: __, imageUrl, ...fields } = edited;
  const set: Record<string, unknown> = { ...fields, ...(imageUrl === undefined ? {} : { imageUrl }) };
  const names = Object.keys(set);
  const { lowStockThreshold: before, version, availableCount } = current;
  const edge = edited.lowStockThreshold;
  const mark =
    edge === before
      ? noMark
      : markOf(availableCount <= edge, edge, edge > before ? edited.updatedAt : undefined);
  const sets = [...names.map((name) => `#${name} = :${name}`), ...mark.set];
  const removes = [...(imageUrl === undefined ? ['imageUrl'] : []), ...mark.remove];
  return {
    TableName: table,
    Key: { productId },
    UpdateExpression: `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''}`,
    ConditionExpression: ['#version = :expected', ...mark.conditions].join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, set[name]])),
      ':expected': version,
      ...mark.values,
    },
  };
}

function adjustmentOf(table: string, { before, after, change }: StockAdjustment): Update {
  const { delta } = change;
  const threshold = after.lowStockThreshold;
  const mark = markOf(
    after.availableCount <= threshold,
    threshold - delta,
    delta < 0 ? after.updatedAt : undefined,
  );
  const sets = [
    'stockCount = stockCount + :delta',
    'availableCount = availableCount + :delta',
    'updatedBy = :by, updatedAt = :at, auditLogs = :logs, #version = :version',
    ...mark.set,
  ];
  const removes = mark.remove.map((name) => ` REMOVE ${name}`).join('');
  return {
    TableName: table,
    Key: { productId: before.productId },
    UpdateExpression: `SET ${sets.join(', ')}${removes}`,
    // Version and stock as read make the audit's before and after true; holds may go on meanwhile.
    ConditionExpression: [
      '#version = :expected AND stockCount = :stock AND availableCount >= :least',
      ...mark.conditions,
    ].join(' AND '),
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: {
      ':delta': delta,
      ':by': after.updatedBy,
      ':at': after.updatedAt,
      ':logs': after.auditLogs,
      ':version': after.version,
      ':expected': before.version,
      ':stock': before.stockCount,
      ':least': -delta,
      ...mark.values,
    },
  };
}
