import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listProducts } from '../../../shared/catalogue/list-products.ts';
import type { Price } from '../../../shared/catalogue/product.ts';
import { productRoutes } from '../../../shared/catalogue/product-routes.ts';
import { aRequest } from '../../support/builders/product-request.ts';
import { type Catalogue, startCatalogue } from '../../support/catalogue-fixture.ts';
import { testEffects } from '../../support/effects.ts';

const { query: querySchema } = productRoutes.listProducts;
const categories = ['kitchen', 'garden', 'office'];

describe('the list of products', () => {
  let shop: Catalogue;

  /** 60 products p-00001…: price 100·(n mod 20) cents, every tenth out of stock, every fourth also in euros. */
  beforeAll(async () => {
    shop = await startCatalogue();
    for (let n = 1; n <= 60; n += 1) {
      const euros: Price[] = n % 4 === 0 ? [{ amount: 10_000 - n * 100, currency: 'EUR' }] : [];
      await shop.seed({
        name: `Thing ${String((n * 37) % 61).padStart(2, '0')}`,
        description: n % 5 === 0 ? 'With a Bamboo handle' : 'Plain',
        category: categories[n % 3] ?? '',
        prices: [{ amount: (n % 20) * 100, currency: 'USD' }, ...euros],
        stockCount: n % 10 === 0 ? 0 : n,
      });
    }
    await shop.seed({ productId: 'archived', name: 'Thing of the past', archived: true });
  });
  afterAll(() => shop.stop());

  async function list(query: Record<string, string> = {}, by?: 'Admin' | 'Customer') {
    const request = aRequest(productRoutes.listProducts, by, { query: querySchema.parse(query) });
    return listProducts(request, { products: shop.products, rates: shop.rates, effects: testEffects() });
  }

  async function pages(query: Record<string, string>) {
    const all: Awaited<ReturnType<typeof list>>['body'][] = [];
    let cursor: string | undefined;
    do {
      const { body } = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
      all.push(body);
      cursor = body.nextCursor;
    } while (cursor !== undefined);
    return all;
  }

  async function everything(query: Record<string, string>) {
    return (await pages(query)).flatMap((page) => page.items);
  }

  it('starts with the newest, twenty at a time, without archived ones', async () => {
    const { body } = await list();
    expect(body.items).toHaveLength(20);
    expect(body.items[0]?.productId).toBe('p-00060');
    expect(body.nextCursor).toBeDefined();
    const all = await everything({ limit: '100' });
    expect(all).toHaveLength(60);
    expect(all.map((item) => item.productId)).not.toContain('archived');
  });

  it.each(['newest', 'name', 'price', '-price'])(
    'by %s neither skips nor repeats a product between pages',
    async (sort) => {
      for (const limit of ['1', '7', '20', '30', '60']) {
        const ids = (await everything({ sort, limit })).map((item) => item.productId);
        expect(ids).toHaveLength(60);
        expect(new Set(ids).size).toBe(60);
      }
    },
  );

  it('has no next page after the last product', async () => {
    const sizes = (await pages({ limit: '20' })).map((page) => page.items.length);
    expect(sizes).toEqual([20, 20, 20]);
    const filtered = await pages({ limit: '10', category: 'garden' });
    expect(filtered.map((page) => page.items.length)).toEqual([10, 10]);
  });

  it('sorts by name and by price in both directions', async () => {
    const names = (await everything({ sort: 'name' })).map((item) => item.name);
    expect(names).toEqual([...names].sort());
    const amounts = (await everything({ sort: 'price' })).map((item) => item.price.amount);
    expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
    const falling = (await everything({ sort: '-price' })).map((item) => item.price.amount);
    expect(falling).toEqual([...amounts].reverse());
  });

  it('searches name, description and category for every word, whatever the case', async () => {
    const found = await everything({ q: 'bamboo THING garden' });
    expect(found.map((item) => item.productId).sort()).toEqual(['p-00010', 'p-00025', 'p-00040', 'p-00055']);
    expect(await everything({ q: 'steel' })).toEqual([]);
  });

  it('combines category, stock and price conditions over pages', async () => {
    const query = { category: 'office', inStock: 'true', minPrice: '500', maxPrice: '1500', limit: '4' };
    const found = await everything(query);
    const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
    const expected = numbers.filter((n) => n % 3 === 2 && n % 10 !== 0 && n % 20 >= 5 && n % 20 <= 15);
    expect(found).toHaveLength(expected.length);
    expect(found.every((item) => item.category === 'office' && item.availability !== 'out_of_stock')).toBe(
      true,
    );
    const soldOut = await everything({ inStock: 'false' });
    expect(soldOut).toHaveLength(6);
  });

  it('in a currency leaves out what has no price in it and shows that price', async () => {
    const found = await everything({ currency: 'EUR' });
    expect(found).toHaveLength(15);
    expect(found.every((item) => item.price.currency === 'EUR')).toBe(true);
    expect(await everything({ currency: 'GBP' })).toEqual([]);
  });

  it('sorts by the price that it shows, also where no index has it', async () => {
    for (const [sort, direction] of [
      ['price', 1],
      ['-price', -1],
    ] as const) {
      const found = await everything({ currency: 'EUR', sort, limit: '4' });
      const amounts = found.map((item) => item.price.amount);
      expect(amounts).toHaveLength(15);
      expect(amounts).toEqual([...amounts].sort((a, b) => direction * (a - b)));
    }
  });

  it('refuses cursors that it did not answer for this order', async () => {
    const { body } = await list({ sort: 'name', limit: '5' });
    for (const cursor of ['nonsense', 'e30', body.nextCursor ?? '']) {
      await expect(list({ sort: 'price', cursor })).rejects.toMatchObject({ code: 'validation_failed' });
    }
  });

  it('shows stock to staff alone and lets no cache keep what it showed to a token', async () => {
    const [anonymous, customer, staff] = await Promise.all([list(), list({}, 'Customer'), list({}, 'Admin')]);
    expect(anonymous.body.items[0]).not.toHaveProperty('stockCount');
    expect(customer.body.items[0]).not.toHaveProperty('stockCount');
    expect(staff.body.items[0]).toHaveProperty('stockCount', 0);
    expect(anonymous.headers?.['Cache-Control']).toMatch(/^public/);
    expect(staff.headers?.['Cache-Control']).toMatch(/no-store/);
  });

  it('knows alternatives: in stock, of the category, without the given ones', async () => {
    const found = await shop.products.alternatives('garden', ['p-00058'], 3);
    expect(found.map((product) => product.productId)).toEqual(['p-00055', 'p-00052', 'p-00049']);
    expect(await shop.products.alternatives('attic', [], 3)).toEqual([]);
  });

  it('finds many products at once, those that exist', async () => {
    const found = await shop.products.findMany(['p-00001', 'p-00002', 'p-00001', 'unknown']);
    expect([...found.keys()].sort()).toEqual(['p-00001', 'p-00002']);
  });
});
