import { setTimeout as sleep } from 'node:timers/promises';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createRateWriter } from '../../shared/adapters/dynamodb/exchange-rates.ts';
import { createProductStore, type ProductTables } from '../../shared/adapters/dynamodb/product-store.ts';
import { type AuditEntry, systemActor } from '../../shared/audit/audit-entry.ts';
import type { Product } from '../../shared/catalogue/product.ts';
import { systemEffects } from '../../shared/effects.ts';
import { type DemoProduct, demoProducts } from './products.ts';

/** Demo rates of one dollar; the euro and the yen also have prices of their own. */
const demoRates = { EUR: '0.92', GBP: '0.79', JPY: '150', KWD: '0.307' };
const euroPerDollar = 0.92;
const yenPerDollar = 150;

/** Puts the demo catalogue and exchange rates into the tables, each with its audit entry. */
export async function seedProducts(client: Dynamo, tables: ProductTables): Promise<void> {
  const effects = systemEffects();
  const store = createProductStore(client, tables, { random: effects.random, sleep });
  const effectiveAt = effects.clock.now().toISOString();
  await createRateWriter(client, tables, { random: effects.random, sleep }).put(
    { base: 'USD', effectiveAt, rates: demoRates },
    {
      entryId: effects.ids.next(),
      action: 'rates.set',
      entity: { type: 'rates', id: 'USD' },
      actor: systemActor,
      at: effectiveAt,
    },
  );
  await Promise.all(
    demoProducts.map(async (demo) => {
      const { product, entry } = buildProduct(demo, effects.ids.next(), effects.clock.now().toISOString());
      const { productId, stockCount: delta, createdAt: at } = product;
      const change = {
        changeId: effects.ids.next(),
        productId,
        at,
        delta,
        reason: 'initial stock',
        actor: 'system',
      };
      await store.create(product, change, entry);
    }),
  );
}

function buildProduct(
  demo: DemoProduct,
  productId: string,
  at: string,
): { product: Product; entry: AuditEntry } {
  const [name, category, description, cents, stockCount] = demo;
  const entry: AuditEntry = {
    entryId: `seed-${productId}`,
    action: 'product.created',
    entity: { type: 'product', id: productId },
    actor: systemActor,
    at,
  };
  const product: Product = {
    productId,
    name,
    description,
    category,
    imageUrl: `https://images.storefront.dev/${slug(name)}.jpg`,
    prices: [
      { amount: cents, currency: 'USD' },
      { amount: Math.round((cents * euroPerDollar) / 100) * 100, currency: 'EUR' },
      // The yen has no minor unit.
      { amount: Math.round((cents / 100) * yenPerDollar), currency: 'JPY' },
    ],
    stockCount,
    availableCount: stockCount,
    lowStockThreshold: 5,
    archived: false,
    createdBy: systemActor.id,
    updatedBy: systemActor.id,
    auditLogs: [entry],
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
  return { product, entry };
}

function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
