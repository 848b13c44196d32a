import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromStripeAmount, toStripeAmount } from '../../../../shared/adapters/stripe/amounts.ts';

describe('amounts at Stripe', () => {
  test.each([
    ['USD', 1999, 1999],
    ['JPY', 500, 500],
    ['KRW', 500, 500],
    ['ISK', 5, 500],
    ['UGX', 5, 500],
    ['KWD', 5120, 5120],
    ['HUF', 1050, 1050],
    ['TWD', 1050, 1050],
    ['MGA', 500, 5],
  ])('%s %i is %i there', (currency, ours, theirs) => {
    expect(toStripeAmount({ amount: ours, currency })).toBe(theirs);
    expect(fromStripeAmount(theirs, currency.toLowerCase())).toEqual({ amount: ours, currency });
  });

  test.each([
    ['KWD', 5124],
    ['MGA', 550],
    ['CLF', 10_000],
  ])('%s %i has no number there and is refused, not rounded', (currency, amount) => {
    expect(() => toStripeAmount({ amount, currency })).toThrow(
      expect.objectContaining({ name: 'AmountNotChargeableError' }),
    );
  });

  test('what Stripe takes comes back as it was', () => {
    const currencies = fc.constantFrom('USD', 'EUR', 'JPY', 'ISK', 'UGX', 'KWD', 'XAF');
    fc.assert(
      fc.property(currencies, fc.integer({ min: 1, max: 1_000_000 }), (currency, tens) => {
        const money = { amount: tens * 10, currency };
        expect(fromStripeAmount(toStripeAmount(money), currency.toLowerCase())).toEqual(money);
      }),
    );
  });
});
