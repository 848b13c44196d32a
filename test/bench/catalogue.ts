import { startCountingProxy } from '../../local/dynamodb/counting-proxy.ts';
import { startDynamoDb } from '../../local/dynamodb/engine.ts';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { createProductStore } from '../../shared/adapters/dynamodb/product-store.ts';
import type { PageRequest } from '../../shared/api/list.ts';
import type { Product } from '../../shared/catalogue/product.ts';
import type { ProductSearch } from '../../shared/catalogue/product-store.ts';
import { anInitialStock, aProduct, aProductAuditEntry } from '../support/builders/product.ts';
import { startDynamo } from '../support/dynamo.ts';

/**
 * `node test/bench/catalogue.ts [SIZE …]`: request units and calls of each way to search the catalogue, its first
 * page and its fifth, and of the writes, with so many products (100 and 10,000 unless told).
 */

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [100, 10_000];
const pageLimit = 20;
const deepPage = 5;
const seedsAtOnce = 16;
const rates = {
  base: 'USD',
  effectiveAt: '2026-01-01T00:00:00.000Z',
  rates: { EUR: '0.92', JPY: '150', GBP: '0.79' },
};
const effects = {
  random: Math.random,
  sleep: (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
};

const searches: Record<string, Partial<ProductSearch>> = {
  'newest (default)': {},
  'sort=name': { sort: 'name' },
  'sort=price': { sort: 'price' },
  'sort=-price, EUR set for half, else converted': { sort: '-price', market: { currency: 'EUR' }, rates },
  'sort=price, JPY, all converted': { sort: 'price', market: { currency: 'JPY' }, rates },
  'sort=price, JPY, minPrice and maxPrice': {
    sort: 'price',
    market: { currency: 'JPY' },
    rates,
    minPrice: 3000,
    maxPrice: 9000,
  },
  'newest, minPrice and maxPrice': { minPrice: 3000, maxPrice: 9000 },
  category: { category: 'category-3' },
  'category, sort=price': { category: 'category-3', sort: 'price' },
  'category, inStock=true': { category: 'category-3', inStock: true },
  'inStock=true': { inStock: true },
  'inStock=false (one in a hundred)': { inStock: false },
  'q, a word of every product': { q: 'thing' },
  'q, a rare word': { q: 'rare7' },
  'q, two words, last one begun': { q: 'thing colou' },
  'q, two common words, rare together': { q: 'colour3 material5' },
  'q and sort=price, EUR': { q: 'colour3', sort: 'price', market: { currency: 'EUR' }, rates },
  'q of every product and sort=price': { q: 'thing', sort: 'price' },
  'q that finds nothing': { q: 'zeppelin' },
};

const engine = await startDynamoDb(undefined);
const rows = new Map<string, string[]>();
const note = (name: string, cell: string) => rows.set(name, [...(rows.get(name) ?? []), cell]);
try {
  for (const size of sizes) await measure(size);
  const columns = sizes.flatMap((size) => [`${size}: page 1`, `page ${deepPage}`]);
  console.log(`| query (${pageLimit} a page) | ${columns.join(' | ')} |`);
  console.log(`|---|${columns.map(() => '---').join('|')}|`);
  for (const [name, cells] of rows) console.log(`| ${name} | ${cells.join(' | ')} |`);
} finally {
  await engine.stop();
}

async function measure(size: number): Promise<void> {
  const proxy = await startCountingProxy(engine.endpoint);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
  const dynamo = await startDynamo('products', 'listings', 'inventory', 'audit');
  const { client, table } = dynamo;
  const tables = {
    products: table('products'),
    listings: table('listings'),
    inventory: table('inventory'),
    audit: table('audit'),
  };
  const products = createProductStore(client, tables, effects);
  const inventory = createInventoryStore(client, tables, effects);
  const cost = async (work: () => Promise<unknown>) => {
    const calls = () => [...proxy.calls.values()].reduce((sum, count) => sum + count, 0);
    const before = { units: proxy.capacity(), calls: calls() };
    const answer = await work();
    return { answer, text: `${proxy.capacity() - before.units} in ${calls() - before.calls}` };
  };
  try {
    await seed(size, products);
    for (const [name, over] of Object.entries(searches)) {
      const search: ProductSearch = { sort: 'newest', market: {}, ...over };
      let page: PageRequest | undefined = { limit: pageLimit };
      for (let number = 1; number <= deepPage; number += 1) {
        const asked: PageRequest | undefined = page;
        if (!asked) {
          if (number === deepPage) note(name, '–');
          continue;
        }
        let found = 0;
        const { text } = await cost(async () => {
          const { items, next } = await products.list(search, asked);
          found = items.length;
          page = next && { limit: pageLimit, after: next };
        });
        if (number === 1 || number === deepPage) note(name, `${text} (${found})`);
      }
    }
    const product = build(3);
    const created = { ...product, productId: 'bench-created' };
    const writes: Record<string, () => Promise<unknown>> = {
      'GET one': () => products.find(product.productId),
      'three alternatives': () => products.alternatives('category-3', [product.productId], 3),
      create: () => products.create(created, anInitialStock(created), audit(created, 'c')),
      'change the name': () =>
        products.update(created, { ...created, name: 'Other thing', version: 2 }, audit(created, 'n')),
      'hold one piece': () =>
        inventory.hold('order-1', [{ productId: product.productId, quantity: 1 }], new Date(0)),
      'sell one piece': () =>
        inventory.commit('order-1', [{ productId: product.productId, quantity: 1 }], new Date(0)),
    };
    for (const [name, work] of Object.entries(writes)) {
      note(name, (await cost(work)).text);
      note(name, '');
    }
  } finally {
    delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
    await dynamo.stop();
    await proxy.stop();
  }
}

async function seed(size: number, products: ReturnType<typeof createProductStore>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < size) {
      next += 1;
      const product = build(next);
      await products.create(product, anInitialStock(product), audit(product, 'c'));
    }
  };
  await Promise.all(Array.from({ length: seedsAtOnce }, worker));
}

/** Prices spread over the catalogue, one category in ten, one in a hundred sold out. */
function build(n: number): Product {
  const usd = 500 + ((n * 7919) % 10_000);
  return aProduct({
    productId: `p-${String(n).padStart(8, '0')}`,
    name: `Thing ${n} colour${n % 10}`,
    description: `Made of material${n % 97}, as rare${n % 5000} as can be.`,
    category: `category-${n % 10}`,
    prices: [
      { amount: usd, currency: 'USD' },
      ...(n % 2 === 0 ? [{ amount: usd - (n % 50), currency: 'EUR' }] : []),
    ],
    stockCount: n % 100 === 0 ? 0 : 50,
  });
}

function audit(product: Product, entry: string) {
  return aProductAuditEntry({
    entryId: `${product.productId}-${entry}`,
    entity: { type: 'product', id: product.productId },
  });
}
