import { describe, expect, it } from 'vitest';
import { productRoutes } from '../../../shared/catalogue/product-routes.ts';

const valid = {
  name: 'Mug',
  category: 'kitchen',
  prices: [{ amount: 1999, currency: 'USD' }],
  stockCount: 3,
};

function wrongPaths(
  schema: typeof productRoutes.createProduct.body | typeof productRoutes.updateProduct.body,
  body: unknown,
) {
  const result = schema.safeParse(body);
  return result.success ? [] : [...new Set(result.error.issues.map((issue) => issue.path.join('/')))];
}

describe('a new product', () => {
  it('needs name, category, prices and stock', () => {
    expect(wrongPaths(productRoutes.createProduct.body, {})).toEqual([
      'name',
      'category',
      'prices',
      'stockCount',
    ]);
    expect(wrongPaths(productRoutes.createProduct.body, valid)).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['a blank name', { name: '   ' }, 'name'],
    ['no price', { prices: [] }, 'prices'],
    ['prices in regions alone', { prices: [{ amount: 1, currency: 'EUR', region: 'PT' }] }, 'prices'],
    ['a fraction of a cent', { prices: [{ amount: 19.99, currency: 'USD' }] }, 'prices/0/amount'],
    ['a negative price', { prices: [{ amount: -1, currency: 'USD' }] }, 'prices/0/amount'],
    ['a price as text', { prices: [{ amount: '1999', currency: 'USD' }] }, 'prices/0/amount'],
    [
      'a currency that ISO 4217 does not know',
      { prices: [{ amount: 1, currency: 'ZZZ' }] },
      'prices/0/currency',
    ],
    ['a currency in small letters', { prices: [{ amount: 1, currency: 'usd' }] }, 'prices/0/currency'],
    ['an unknown field in a price', { prices: [{ amount: 1, currency: 'USD', vat: 1 }] }, 'prices/0'],
    ['negative stock', { stockCount: -1 }, 'stockCount'],
    ['a fraction of a piece', { stockCount: 1.5 }, 'stockCount'],
    ['more stock than a shop has', { stockCount: 1_000_000_001 }, 'stockCount'],
    ['an image that is no web address', { imageUrl: 'javascript:alert(1)' }, 'imageUrl'],
    ['an unknown field', { colour: 'red' }, ''],
  ])('is refused with %s', (_, change, path) => {
    expect(wrongPaths(productRoutes.createProduct.body, { ...valid, ...change })).toEqual([path]);
  });

  it('is refused as a change that leaves prices in regions alone', () => {
    const prices = [{ amount: 1, currency: 'EUR', region: 'PT' }];
    expect(wrongPaths(productRoutes.updateProduct.body, { prices })).toEqual(['prices']);
  });

  it('is refused with two prices for one currency and region, naming the second', () => {
    const prices = [
      { amount: 1, currency: 'USD' },
      { amount: 2, currency: 'USD', region: 'US' },
      { amount: 3, currency: 'USD', region: 'US' },
      { amount: 4, currency: 'USD' },
    ];
    expect(wrongPaths(productRoutes.createProduct.body, { ...valid, prices })).toEqual([
      'prices/2',
      'prices/3',
    ]);
  });
});

describe('a change of a product', () => {
  it.each<[string, object, string]>([
    ['nothing in it', {}, ''],
    ['the stock in it, which has its own route', { stockCount: 5 }, ''],
    ['the id in it', { productId: 'x' }, ''],
    ['null for what must be there', { name: null }, 'name'],
  ])('is refused with %s', (_, patch, path) => {
    expect(wrongPaths(productRoutes.updateProduct.body, patch)).toEqual([path]);
  });

  it('may take the image away with null', () => {
    expect(wrongPaths(productRoutes.updateProduct.body, { imageUrl: null })).toEqual([]);
  });
});

describe('an adjustment of stock', () => {
  const { body } = productRoutes.adjustStock;
  it.each([
    { delta: 0, reason: 'count' },
    { delta: 1.5, reason: 'count' },
    { delta: 1 },
    { delta: 1, reason: ' ' },
    { delta: 1, reason: 'x'.repeat(201) },
  ])('is refused as %j', (adjustment) => {
    expect(body.safeParse(adjustment).success).toBe(false);
  });

  it('may take or add pieces', () => {
    expect(body.safeParse({ delta: -5, reason: 'broken' }).success).toBe(true);
    expect(body.safeParse({ delta: 5, reason: 'delivery' }).success).toBe(true);
  });
});
