import { paginateScan, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Product } from '../../../shared/catalogue/product.ts';
import type { ProductSearch } from '../../../shared/catalogue/product-store.ts';
import { aProductAuditEntry } from '../../support/builders/product.ts';
import { type Catalogue, startCatalogue } from '../../support/catalogue-fixture.ts';

const rates = {
  base: 'USD',
  effectiveAt: '2026-01-01T00:00:00.000Z',
  rates: { EUR: '0.9', JPY: '150', GBP: '0.8', CHF: '0.95' },
};

describe('searching the catalogue', () => {
  let shop: Catalogue;
  beforeAll(async () => {
    shop = await startCatalogue();
  });
  afterAll(() => shop.stop());

  const search = (over: Partial<ProductSearch> = {}): ProductSearch => ({
    sort: 'newest',
    market: {},
    ...over,
  });

  /** All pages; `between` runs after each of them. */
  async function walk(
    over: Partial<ProductSearch>,
    limit: number,
    between?: (page: number) => Promise<unknown>,
  ) {
    const found: Product[] = [];
    let after: Readonly<Record<string, string>> | undefined;
    for (let page = 0; ; page += 1) {
      const { items, next } = await shop.products.list(search(over), { limit, ...(after ? { after } : {}) });
      found.push(...items);
      if (!next) return found;
      after = next;
      await between?.(page);
    }
  }

  async function edit(product: Product, change: Partial<Product>) {
    const current = (await shop.products.find(product.productId)) ?? product;
    const edited = { ...current, ...change, version: current.version + 1 };
    const audit = aProductAuditEntry({
      entryId: `edit-${edited.version}`,
      entity: { type: 'product', id: product.productId },
    });
    expect(await shop.products.update(current, edited, audit)).toBe(true);
    return edited;
  }

  it.each(['newest', 'name', 'price', '-price'] as const)(
    'by %s neither skips nor repeats what stays, while other products come, go and change',
    async (sort) => {
      const category = `churn-${sort}`;
      const seed = (n: number, over: Partial<Product> = {}) =>
        shop.seed({
          name: `Thing ${String((n * 17) % 31).padStart(2, '0')}`,
          category,
          prices: [{ amount: 1000 + ((n * 7) % 31) * 10, currency: 'USD' }],
          ...over,
        });
      const staying: Product[] = [];
      for (let n = 0; n < 24; n += 1) staying.push(await seed(n));
      const leaving: Product[] = [];
      for (let n = 0; n < 8; n += 1) leaving.push(await seed(n, { name: `Thing ${n}x` }));
      const found = await walk({ sort, category }, 5, async (page) => {
        const gone = leaving[page];
        if (gone) await edit(gone, { archived: true });
        await seed(page, { name: `Thing ${page}y`, prices: [{ amount: 995 + page * 40, currency: 'USD' }] });
        const changed = staying[page];
        if (changed) staying[page] = await edit(changed, { description: `changed ${page}`, stockCount: 1 });
      });
      const ids = found.map((product) => product.productId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { productId } of staying) expect(ids).toContain(productId);
    },
  );

  it('finds words wherever an edit put them, and nowhere else', async () => {
    const product = await shop.seed({ name: 'Zinc bucket', category: 'garden', description: 'Ten litres' });
    const finds = async (q: string, over: Partial<ProductSearch> = {}) =>
      (await walk({ q, ...over }, 10)).map(({ productId }) => productId);
    for (const q of ['zinc', 'bucket zi', 'litres', 'garden bucket', 'b', 'zi']) {
      expect(await finds(q)).toEqual([product.productId]);
    }
    expect(await finds('zinc', { category: 'garden' })).toEqual([product.productId]);
    expect(await finds('zinc', { category: 'kitchen' })).toEqual([]);
    await edit(product, { name: 'Copper bucket' });
    expect(await finds('zinc')).toEqual([]);
    expect(await finds('copper')).toEqual([product.productId]);
    await edit(product, { category: 'house' });
    expect(await walk({ category: 'garden' }, 10)).toEqual([]);
    expect((await walk({ category: 'house' }, 10)).map(({ name }) => name)).toEqual(['Copper bucket']);
  });

  describe('by a price that is set for some and converted for others', () => {
    const category = 'mixed';
    beforeAll(async () => {
      for (let n = 0; n < 40; n += 1) {
        const usd = { amount: 500 + ((n * 13) % 40) * 25, currency: 'USD' };
        const eur = { amount: 480 + ((n * 11) % 40) * 25, currency: 'EUR' };
        const pt = { amount: 300 + ((n * 7) % 40) * 25, currency: 'EUR', region: 'PT' };
        const chf = { amount: 450 + ((n * 3) % 40) * 25, currency: 'CHF' };
        const prices = [[usd], [usd, eur], [usd, eur, pt], [chf]][n % 4] ?? [usd];
        await shop.seed({ name: `Mixed thing ${n}`, category, prices });
      }
    });

    const markets = [
      {},
      { currency: 'USD' },
      { currency: 'EUR' },
      { currency: 'EUR', region: 'PT' },
      { currency: 'JPY' },
      { currency: 'GBP', region: 'PT' },
    ];
    const plans: Partial<ProductSearch>[] = [{ category }, { q: 'mixed' }, { category, q: 'thing mix' }];

    it.each(markets)(
      'sorts and pages all of them in %j, up and down, by list and by words',
      async (market) => {
        const { quote } = await import('../../../shared/catalogue/pricing.ts');
        for (const plan of plans) {
          const found = await walk({ ...plan, sort: 'price', market, rates }, 7);
          const amounts = found.map((product) => quote(product, market, rates)?.price.amount ?? Number.NaN);
          expect(new Set(found.map(({ productId }) => productId)).size).toBe(40);
          expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
          const down = await walk({ ...plan, sort: '-price', market, rates }, 7);
          expect(down.map(({ productId }) => productId)).toEqual(
            found.map(({ productId }) => productId).reverse(),
          );
        }
      },
    );

    it.each(markets)('keeps to the bounds in %j, whatever the sort', async (market) => {
      const { quote } = await import('../../../shared/catalogue/pricing.ts');
      const all = await walk({ category, market, rates }, 100);
      const amounts = all
        .map((product) => quote(product, market, rates)?.price.amount ?? 0)
        .sort((a, b) => a - b);
      const [minPrice = 0, maxPrice = 0] = [amounts[10], amounts[25]];
      const expected = amounts.filter((amount) => amount >= minPrice && amount <= maxPrice).length;
      for (const sort of ['price', '-price', 'name', 'newest'] as const) {
        const found = await walk({ category, sort, market, rates, minPrice, maxPrice }, 6);
        expect(found).toHaveLength(expected);
      }
    });

    it('leaves out what has neither a price nor a rate', async () => {
      for (const sort of ['price', 'newest'] as const) {
        expect(await walk({ category, sort, market: { currency: 'EUR' } }, 100)).toHaveLength(20);
        expect(await walk({ category, sort, market: { currency: 'KWD' }, rates }, 100)).toEqual([]);
      }
    });

    it('goes on where it was when the rates change between two pages', async () => {
      const market = { currency: 'JPY' };
      const first = await shop.products.list(search({ category, sort: 'price', market, rates }), {
        limit: 15,
      });
      const stronger = { ...rates, rates: { ...rates.rates, JPY: '90', CHF: '1.4' } };
      const rest = await shop.products.list(search({ category, sort: 'price', market, rates: stronger }), {
        limit: 100,
        ...(first.next ? { after: first.next } : {}),
      });
      const ids = [...first.items, ...rest.items].map(({ productId }) => productId);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    });
  });

  it('sorts by price what too many words find to be sorted in memory, in full pages', {
    timeout: 60_000,
  }, async () => {
    // Every other product has euros, and the blue ones are among those that have not.
    const seed = (n: number) =>
      shop.seed({
        name: `Bulk ${n % 8 === 1 ? 'blue' : 'blunt'}`,
        category: 'bulk',
        prices: [
          { amount: 1000 + ((n * 37) % 640), currency: 'USD' },
          ...(n % 2 === 0 ? [{ amount: 900 + ((n * 37) % 640), currency: 'EUR' }] : []),
        ],
      });
    for (let n = 0; n < 640; n += 16) await Promise.all(Array.from({ length: 16 }, (_, k) => seed(n + k)));
    const market = { currency: 'EUR' };
    const query = { q: 'bulk blue', sort: 'price', market, rates } as const;
    const { items } = await shop.products.list(search(query), { limit: 20 });
    expect(items).toHaveLength(20);
    const all = await walk(query, 20);
    const amounts = all.map(({ prices }) => prices[0]?.amount ?? 0);
    expect(all).toHaveLength(80);
    expect(amounts).toEqual([...amounts].sort((a, b) => a - b));
  });

  it('lists nothing of an archived product, and nothing twice', async () => {
    const product = await shop.seed({ name: 'Fleeting thing', category: 'fleeting' });
    const listings = async () => {
      const pages = paginateScan({ client: shop.client }, { TableName: shop.tables.listings });
      const items: Record<string, unknown>[] = [];
      for await (const { Items = [] } of pages) items.push(...Items);
      return items.filter((item) => item.productId === product.productId);
    };
    const written = await listings();
    // All and category; f fl fle, t th thi, and the description's hol a thi(rd) of lit; the price, all and category.
    expect(written.map((item) => item.list).sort()).toMatchInlineSnapshot(`
      [
        "ALL",
        "CATEGORY#fleeting",
        "PRICE#USD",
        "PRICE#USD@fleeting",
        "WORD#a",
        "WORD#f",
        "WORD#fl",
        "WORD#fle",
        "WORD#fleet",
        "WORD#hol",
        "WORD#holds",
        "WORD#lit",
        "WORD#litre",
        "WORD#of",
        "WORD#t",
        "WORD#th",
        "WORD#thi",
        "WORD#thing",
        "WORD#third",
      ]
    `);
    await edit(product, { archived: true });
    expect(await listings()).toEqual([]);
  });

  it('writes no listing when stock changes', async () => {
    const product = await shop.seed({ name: 'Steady thing', category: 'steady', stockCount: 5 });
    const scan = async () =>
      (await shop.client.send(new ScanCommand({ TableName: shop.tables.listings }))).Items?.filter(
        (item) => item.productId === product.productId,
      );
    const before = await scan();
    await shop.inventory.hold('order-s', [{ productId: product.productId, quantity: 5 }], new Date(0));
    await shop.inventory.commit('order-s', [{ productId: product.productId, quantity: 5 }], new Date(0));
    expect(await scan()).toEqual(before);
    expect(await walk({ category: 'steady', inStock: true }, 10)).toEqual([]);
    expect(await walk({ category: 'steady', inStock: false }, 10)).toHaveLength(1);
  });

  it('writes an edit of more than one transaction holds whole', async () => {
    const currencies = ['USD', 'EUR', 'GBP', 'CHF', 'JPY', 'KWD', 'CAD', 'AUD', 'SEK', 'NOK'];
    const regions = [undefined, 'DE', 'PT', 'US', 'FR'];
    const prices = (base: number) =>
      currencies.flatMap((currency, n) =>
        regions.map((region) => ({ amount: base + n, currency, ...(region ? { region } : {}) })),
      );
    const words = (prefix: string) => Array.from({ length: 40 }, (_, n) => `${prefix}${n}word`).join(' ');
    const product = await shop.seed({
      name: 'Wide',
      category: 'wide',
      prices: prices(100),
      description: words('a'),
    });
    await edit(product, { prices: prices(9000), description: words('b') });
    const found = async (over: Partial<ProductSearch>) =>
      (await walk({ category: 'wide', ...over }, 10)).length;
    expect(await found({ q: 'b39word' })).toBe(1);
    expect(await found({ q: 'a39word' })).toBe(0);
    expect(await found({ sort: 'price', market: { currency: 'SEK', region: 'FR' }, minPrice: 9000 })).toBe(1);
    const { Items = [] } = await shop.client.send(new ScanCommand({ TableName: shop.tables.listings }));
    const left = Items.filter(
      (item) => item.productId === product.productId && /#a\d/.test(String(item.list)),
    );
    expect(left).toEqual([]);
  });
});
