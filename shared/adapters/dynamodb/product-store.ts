import { GetCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { AuditEntry } from '../../audit/audit-entry.ts';
import type { Product } from '../../catalogue/product.ts';
import type { ProductReader, ProductStore, StockAdjustment } from '../../catalogue/product-store.ts';
import { TransientError } from '../../errors.ts';
import { auditItem } from './audit-trail.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { listingAttributes, productItem, toProduct } from './product-item.ts';
import { searchProducts } from './product-search.ts';
import { stockChangeItem } from './stock-change-item.ts';
import { isFalseCondition, type RetryEffects, transact } from './transact.ts';

export interface ProductTables {
  readonly products: string;
  readonly inventory: string;
  readonly audit: string;
}

/** The catalogue for those who only read it. */
export function createProductReader(client: Dynamo, table: string, effects: RetryEffects): ProductReader {
  const load = loadProducts(client, table, effects);
  const search = { client, table, load: (ids: readonly string[]) => load(ids, { consistent: false }) };
  return {
    find: (productId) => findProduct(client, table, productId),
    findMany: (productIds) => load(productIds, { consistent: true }),
    async alternatives(category, except, limit) {
      if (limit < 1) return [];
      const keep = (product: Product) => product.availableCount > 0 && !except.includes(product.productId);
      const page = await searchProducts(search, { sort: 'newest', category }, keep, { limit });
      return [...page.items];
    },
  };
}

export function createProductStore(
  client: Dynamo,
  tables: ProductTables,
  effects: RetryEffects,
): ProductStore {
  const load = loadProducts(client, tables.products, effects);
  const loadForList = (ids: readonly string[]) => load(ids, { consistent: false });
  const auditPut = (entry: AuditEntry) => ({ Put: { TableName: tables.audit, Item: auditItem(entry) } });
  return {
    ...createProductReader(client, tables.products, effects),
    list: (search, keep, page) =>
      searchProducts({ client, table: tables.products, load: loadForList }, search, keep, page),

    async create(product, initialStock, audit) {
      const Put = {
        TableName: tables.products,
        Item: productItem(product),
        ConditionExpression: 'attribute_not_exists(productId)',
      };
      const ledgerPut = { Put: { TableName: tables.inventory, Item: stockChangeItem(initialStock) } };
      const refusal = await transact(client, [{ Put }, ledgerPut, auditPut(audit)], effects);
      if (refusal) throw new Error(`The product id ${product.productId} is in use`);
    },

    async update(edited, audit) {
      const Update = editOf(tables.products, edited);
      const refusal = await transact(client, [{ Update }, auditPut(audit)], effects);
      return refusal === undefined;
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
function editOf(table: string, edited: Product): Update {
  const { productId, stockCount: _, availableCount: __, imageUrl, ...fields } = edited;
  const set: Record<string, unknown> = {
    ...fields,
    ...listingAttributes(edited),
    ...(imageUrl === undefined ? {} : { imageUrl }),
  };
  const remove = [...(imageUrl === undefined ? ['imageUrl'] : []), ...(edited.archived ? ['catalogue'] : [])];
  const names = Object.keys(set);
  const setExpression = `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`;
  return {
    TableName: table,
    Key: { productId },
    UpdateExpression: remove.length > 0 ? `${setExpression} REMOVE ${remove.join(', ')}` : setExpression,
    ConditionExpression: '#version = :expected',
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(names.map((name) => [`:${name}`, set[name]])),
      ':expected': edited.version - 1,
    },
  };
}

function adjustmentOf(table: string, { before, after, change }: StockAdjustment): Update {
  return {
    TableName: table,
    Key: { productId: before.productId },
    UpdateExpression:
      'SET stockCount = stockCount + :delta, availableCount = availableCount + :delta, ' +
      'updatedBy = :by, updatedAt = :at, auditLogs = :logs, #version = :version',
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
