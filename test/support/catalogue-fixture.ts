import { setTimeout as sleep } from 'node:timers/promises';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { createExchangeRates, createRateWriter } from '../../shared/adapters/dynamodb/exchange-rates.ts';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { createProductStore } from '../../shared/adapters/dynamodb/product-store.ts';
import { createStockLedger } from '../../shared/adapters/dynamodb/stock-ledger.ts';
import type { Product } from '../../shared/catalogue/product.ts';
import { TransientError } from '../../shared/errors.ts';
import { anInitialStock, aProduct, aProductAuditEntry } from './builders/product.ts';
import { startDynamo } from './dynamo.ts';

/** Catalogue and inventory over a real engine. */
export async function startCatalogue() {
  const dynamo = await startDynamo('products', 'listings', 'inventory', 'audit');
  const { client, table } = dynamo;
  const tables = {
    products: table('products'),
    listings: table('listings'),
    inventory: table('inventory'),
    audit: table('audit'),
  };
  const effects = { random: Math.random, sleep: (milliseconds: number) => sleep(milliseconds) };
  const products = createProductStore(client, tables, effects);
  const inventory = createInventoryStore(client, tables, effects);
  const ledger = createStockLedger(client, tables.inventory);
  const rates = createExchangeRates(client, tables.listings);
  const rateWriter = createRateWriter(client, tables, effects);
  let made = 0;

  return {
    client,
    tables,
    stop: dynamo.stop,
    products,
    inventory,
    ledger,
    rates,
    rateWriter,
    /** Stores a product under an id of its own and returns it. */
    async seed(over: Partial<Product> = {}): Promise<Product> {
      made += 1;
      const product = aProduct({ productId: `p-${String(made).padStart(5, '0')}`, ...over });
      const audit = aProductAuditEntry({ entity: { type: 'product', id: product.productId } });
      await products.create(product, anInitialStock(product), audit);
      return product;
    },
    async counts(productId: string) {
      const product = await products.find(productId);
      return product && { stock: product.stockCount, available: product.availableCount };
    },
    async ledgerOf(productId: string) {
      const page = await ledger.changesOf(productId, { limit: 100 });
      return page.items.map(({ delta, reason, orderId }) => ({
        delta,
        reason,
        ...(orderId ? { orderId } : {}),
      }));
    },
    /** Pieces that open holds have of a product, read from the rows themselves. */
    async heldOf(productId: string): Promise<number> {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: tables.inventory,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :order)',
          ExpressionAttributeValues: { ':pk': `PRODUCT#${productId}`, ':order': 'ORDER#' },
        }),
      );
      const held = Items.filter((row) => row.state === 'HELD');
      return held.reduce((sum, row) => sum + Number(row.quantity), 0);
    },
  };
}

export type Catalogue = Awaited<ReturnType<typeof startCatalogue>>;

/** Calls again on a fault that may pass, as the state machine does. */
export async function persist<T>(call: () => Promise<T>, attempts = 20): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof TransientError) || attempt === attempts) throw error;
    }
  }
}
