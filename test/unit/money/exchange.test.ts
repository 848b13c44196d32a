import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponentOf } from '../../../shared/money/currency.ts';
import { convert, excerpt, rateSchema, ratesSchema } from '../../../shared/money/exchange.ts';
import { percentOf } from '../../../shared/money/money.ts';
import { divideRounded } from '../../../shared/money/rounding.ts';

const table = {
  base: 'USD',
  effectiveAt: '2026-03-01T00:00:00.000Z',
  rates: { EUR: '0.92', JPY: '150', KWD: '0.307', CLF: '0.0246' },
};
const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'KWD', 'CLF');
const amounts = fc.nat(1_000_000_000);

describe('the minor unit of a currency', () => {
  it.each([
    ['USD', 2],
    ['JPY', 0],
    ['KRW', 0],
    ['ISK', 0],
    ['KWD', 3],
    ['BHD', 3],
    ['CLF', 4],
    // ISO 4217 gives these two decimals, whatever they are usually shown with.
    ['IDR', 2],
    ['HUF', 2],
  ])('of %s has %i decimals', (currency, digits) => {
    expect(exponentOf(currency)).toBe(digits);
  });
});

describe('rounding', () => {
  it.each([
    [5n, 2n, 3n, 2n],
    [4n, 3n, 1n, 1n],
    [3n, 2n, 2n, 1n],
    [0n, 7n, 0n, 0n],
  ])('of %i / %i is %i with halves up, %i down', (numerator, denominator, up, down) => {
    expect(divideRounded(numerator, denominator, 'half-up')).toBe(up);
    expect(divideRounded(numerator, denominator, 'down')).toBe(down);
  });
});

describe('conversion', () => {
  it.each([
    [1000, 'USD', 'JPY', 1500],
    [1, 'USD', 'JPY', 2],
    [1500, 'JPY', 'USD', 1000],
    [1000, 'USD', 'KWD', 3070],
    [3070, 'KWD', 'USD', 1000],
    [100, 'EUR', 'JPY', 163],
    [0, 'EUR', 'KWD', 0],
  ])('of %i %s to %s is %i', (amount, currency, to, expected) => {
    expect(convert({ amount, currency }, to, table)).toEqual({ amount: expected, currency: to });
  });

  it('does not exist without a rate, and needs none within a currency', () => {
    expect(convert({ amount: 1, currency: 'USD' }, 'CHF', table)).toBeUndefined();
    expect(convert({ amount: 1, currency: 'USD' }, 'EUR', undefined)).toBeUndefined();
    expect(convert({ amount: 7, currency: 'CHF' }, 'CHF', undefined)).toEqual({ amount: 7, currency: 'CHF' });
  });

  it('never falls when the amount rises', () => {
    fc.assert(
      fc.property(currencies, currencies, amounts, amounts, (from, to, one, more) => {
        const of = (amount: number) => convert({ amount, currency: from }, to, table)?.amount ?? -1;
        return of(one) <= of(one + more);
      }),
    );
  });

  it('is at most half a minor unit off, whatever the decimals of the two currencies', () => {
    fc.assert(
      fc.property(currencies, currencies, fc.nat(1_000_000), (from, to, amount) => {
        const rate = (currency: string) =>
          currency === 'USD'
            ? 1
            : Number(Object.entries(table.rates).find(([code]) => code === currency)?.[1]);
        const exact = (amount / 10 ** exponentOf(from) / rate(from)) * rate(to) * 10 ** exponentOf(to);
        const converted = convert({ amount, currency: from }, to, table)?.amount ?? Number.NaN;
        return Math.abs(converted - exact) <= 0.5 + exact * 1e-9;
      }),
    );
  });

  it('does not exist past what a number holds exactly', () => {
    const amount = Number.MAX_SAFE_INTEGER;
    expect(convert({ amount, currency: 'USD' }, 'EUR', table)).toMatchObject({ currency: 'EUR' });
    expect(convert({ amount, currency: 'USD' }, 'CLF', { ...table, rates: { CLF: '2' } })).toBeUndefined();
  });
});

describe('a table of rates', () => {
  it.each(['0.92', '150', '999999999.999999999', '0.000000001'])('takes %s', (rate) => {
    expect(rateSchema.parse(rate)).toBe(rate);
  });

  it.each(['0', '0.000', '-1', '1e3', '.5', '1.', '1,5', '', '1234567890'])('refuses %j', (rate) => {
    expect(rateSchema.safeParse(rate).success).toBe(false);
  });

  it('names known currencies, one at least', () => {
    expect(ratesSchema.safeParse({ EUR: '1' }).success).toBe(true);
    expect(ratesSchema.safeParse({ XQQ: '1' }).success).toBe(false);
    expect(ratesSchema.safeParse({}).success).toBe(false);
  });

  it('is kept by an order as far as it was used', () => {
    expect(excerpt(table, ['USD', 'EUR'])).toEqual({ ...table, rates: { EUR: '0.92' } });
  });
});

describe('a discount in percent', () => {
  it('never exceeds what was promised', () => {
    fc.assert(
      fc.property(amounts, fc.integer({ min: 1, max: 100 }), (amount, percent) => {
        const { amount: off } = percentOf({ amount, currency: 'USD' }, percent);
        return off * 100 <= amount * percent && off * 100 > amount * percent - 100;
      }),
    );
  });
});
