import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceFor, shownPrice } from '../../../shared/catalogue/pricing.ts';
import { availability, productView } from '../../../shared/catalogue/product-view.ts';
import { aProduct } from '../../support/builders/product.ts';

const product = aProduct({
  prices: [
    { amount: 1999, currency: 'USD' },
    { amount: 1899, currency: 'EUR' },
    { amount: 1699, currency: 'EUR', region: 'PT' },
    { amount: 5000, currency: 'GBP', region: 'GB' },
  ],
});

describe('the price of a product', () => {
  it('is the region’s own where there is one', () => {
    expect(priceFor(product, { currency: 'EUR', region: 'PT' })).toEqual({ amount: 1699, currency: 'EUR' });
  });

  it('is the currency’s in every other region', () => {
    expect(priceFor(product, { currency: 'EUR', region: 'DE' })).toEqual({ amount: 1899, currency: 'EUR' });
    expect(priceFor(product, { currency: 'EUR' })).toEqual({ amount: 1899, currency: 'EUR' });
  });

  it('does not exist in a currency or region that nobody set one for', () => {
    expect(priceFor(product, { currency: 'JPY' })).toBeUndefined();
    expect(priceFor(product, { currency: 'GBP' })).toBeUndefined();
    expect(priceFor(product, { currency: 'GBP', region: 'US' })).toBeUndefined();
  });

  it('is shown in dollars, else in the product’s first currency, when none is asked for', () => {
    expect(shownPrice(product, {})).toEqual({ amount: 1999, currency: 'USD' });
    const euros = aProduct({ prices: [{ amount: 1, currency: 'EUR' }] });
    expect(shownPrice(euros, {})).toEqual({ amount: 1, currency: 'EUR' });
    expect(shownPrice(euros, { currency: 'USD' })).toBeUndefined();
  });

  it('is always one of the prices that were set', () => {
    const markets = fc.record({
      currency: fc.constantFrom('USD', 'EUR', 'GBP', 'JPY'),
      region: fc.constantFrom(undefined, 'PT', 'GB', 'US'),
    });
    fc.assert(
      fc.property(markets, (market) => {
        const price = priceFor(product, market);
        const amounts = product.prices
          .filter((each) => each.currency === market.currency)
          .map((each) => each.amount);
        return price === undefined || amounts.includes(price.amount);
      }),
    );
  });
});

describe('the view of a product', () => {
  it.each([
    [0, 'out_of_stock'],
    [1, 'low_stock'],
    [5, 'low_stock'],
    [6, 'in_stock'],
  ])('with %i pieces free and a threshold of 5 is %s', (availableCount, expected) => {
    expect(availability({ availableCount, lowStockThreshold: 5 })).toBe(expected);
  });

  it('keeps stock, authors and trail from those who are not staff', () => {
    expect(Object.keys(productView(product) ?? {})).toEqual([
      'productId',
      'name',
      'description',
      'category',
      'price',
      'prices',
      'availability',
      'createdAt',
      'updatedAt',
      'version',
    ]);
  });

  it('shows staff everything but how it is stored', () => {
    const view = productView(product, { staff: true });
    expect(view).toMatchObject({
      stockCount: 20,
      availableCount: 20,
      lowStockThreshold: 5,
      createdBy: 'admin-1',
      updatedBy: 'admin-1',
      auditLogs: [],
    });
    expect(view).not.toHaveProperty('archived');
  });

  it('does not exist in a currency that the product is not sold in', () => {
    expect(productView(product, { currency: 'JPY' })).toBeUndefined();
  });
});
