import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { priceLists } from '../../../shared/catalogue/price-lists.ts';
import { needsRates, quote } from '../../../shared/catalogue/pricing.ts';
import { availability, productView } from '../../../shared/catalogue/product-view.ts';
import { convert } from '../../../shared/money/exchange.ts';
import { aProduct } from '../../support/builders/product.ts';

const product = aProduct({
  prices: [
    { amount: 1999, currency: 'USD' },
    { amount: 1899, currency: 'EUR' },
    { amount: 1699, currency: 'EUR', region: 'PT' },
    { amount: 5000, currency: 'GBP', region: 'GB' },
  ],
});
const rates = {
  base: 'USD',
  effectiveAt: '2026-03-01T00:00:00.000Z',
  rates: { EUR: '0.92', JPY: '150', GBP: '0.79', KWD: '0.307' },
};
const priceFor = (market: { currency?: string; region?: string }, table?: typeof rates) =>
  quote(product, market, table)?.price;

describe('the price of a product', () => {
  it('is the region’s own where there is one', () => {
    expect(priceFor({ currency: 'EUR', region: 'PT' }, rates)).toEqual({ amount: 1699, currency: 'EUR' });
  });

  it('is the currency’s in every other region', () => {
    expect(priceFor({ currency: 'EUR', region: 'DE' }, rates)).toEqual({ amount: 1899, currency: 'EUR' });
    expect(priceFor({ currency: 'EUR' }, rates)).toEqual({ amount: 1899, currency: 'EUR' });
  });

  it('is converted by the rates where none is set, in the currency’s own minor unit', () => {
    expect(quote(product, { currency: 'JPY' }, rates)).toMatchObject({
      price: { amount: 2999, currency: 'JPY' },
      convertedFrom: { amount: 1999, currency: 'USD' },
    });
    expect(priceFor({ currency: 'KWD' }, rates)).toEqual({ amount: 6137, currency: 'KWD' });
    // Another region’s price is nobody else’s.
    expect(priceFor({ currency: 'GBP' }, rates)).toEqual({ amount: 1579, currency: 'GBP' });
  });

  it('does not exist where there is neither a price nor a rate', () => {
    expect(priceFor({ currency: 'JPY' })).toBeUndefined();
    expect(priceFor({ currency: 'CHF' }, rates)).toBeUndefined();
    expect(priceFor({ currency: 'GBP', region: 'US' })).toBeUndefined();
  });

  it('needs rates only where none is set', () => {
    expect(needsRates(product, { currency: 'EUR', region: 'PT' })).toBe(false);
    expect(needsRates(product, {})).toBe(false);
    expect(needsRates(product, { currency: 'JPY' })).toBe(true);
  });

  it('is shown in dollars, else in the product’s first currency, when none is asked for', () => {
    expect(priceFor({})).toEqual({ amount: 1999, currency: 'USD' });
    const euros = aProduct({ prices: [{ amount: 1, currency: 'EUR' }] });
    expect(quote(euros, {})?.price).toEqual({ amount: 1, currency: 'EUR' });
    expect(quote(euros, { currency: 'USD' })).toBeUndefined();
    expect(quote(euros, { currency: 'USD' }, rates)?.price).toEqual({ amount: 1, currency: 'USD' });
  });
});

describe('the lists that a market’s prices stand in', () => {
  it('hold exactly the amounts whose prices lie in the range', () => {
    const range = { minPrice: 1000, maxPrice: 2000 };
    const lists = priceLists({ currency: 'JPY' }, rates, ['EUR'], range);
    expect(lists.map(({ list }) => list)).toEqual(['JPY', 'USD', '=EUR']);
    for (const { list, from, to } of lists.slice(1)) {
      const yen = (amount: number) =>
        convert({ amount, currency: list.slice(-3) }, 'JPY', rates)?.amount ?? 0;
      expect([yen(from - 1) < 1000, yen(from) >= 1000, yen(to) <= 2000, yen(to + 1) > 2000]).toEqual([
        true,
        true,
        true,
        true,
      ]);
    }
  });

  it('are those of set prices alone when there is no rate', () => {
    expect(priceLists({ currency: 'CHF', region: 'CH' }, rates, ['EUR'], {}).map(({ list }) => list)).toEqual(
      ['CHF', 'CHF#CH'],
    );
  });

  it('have one for every quote that there can be', () => {
    const currency = fc.constantFrom('USD', 'EUR', 'GBP', 'JPY');
    const region = fc.constantFrom(undefined, 'PT', 'GB');
    const price = fc.record({ amount: fc.nat(1_000_000), currency, region });
    const market = fc.record({ currency: fc.option(currency, { nil: undefined }), region });
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 5 }), market, (prices, where) => {
        const found = quote({ prices }, where, rates);
        const sources = ['EUR', 'GBP', 'JPY', 'USD'];
        const lists = priceLists(where, rates, sources, {}).map(({ list }) => list);
        expect(found === undefined || lists.includes(found.listed.list)).toBe(true);
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
    expect(productView(product, { currency: 'JPY', rates })?.price.amount).toBe(2999);
  });
});
