import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { priceOrder } from '../../../shared/orders/price-order.ts';

const line = (amount: number, quantity: number, currency = 'USD') => ({
  unitPrice: { amount, currency },
  quantity,
});
const anyLine = fc
  .tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 999 }))
  .map(([amount, quantity]) => line(amount, quantity));

describe('priceOrder', () => {
  test('adds the lines up', () => {
    const { subtotal, discount, total } = priceOrder([line(1999, 2), line(5, 3)], 'USD', undefined);
    expect([subtotal.amount, discount.amount, total.amount]).toEqual([4013, 0, 4013]);
  });

  test('takes a percentage off, rounded down to whole minor units', () => {
    const promotion = { code: 'TEN', kind: 'percent', value: 10 } as const;
    expect(priceOrder([line(1999, 1)], 'USD', promotion)).toMatchObject({
      discount: { amount: 199 },
      total: { amount: 1800 },
    });
  });

  test('takes nothing off below the minimum', () => {
    const minimum = { amount: 5000, currency: 'USD' };
    const promotion = { code: 'BIG', kind: 'fixed', value: 1000, currency: 'USD', minimum } as const;
    expect(priceOrder([line(4999, 1)], 'USD', promotion).discount.amount).toBe(0);
    expect(priceOrder([line(5000, 1)], 'USD', promotion).discount.amount).toBe(1000);
  });

  test('sums its lines, whatever the promotion', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 50 }), (lines) => {
        const { subtotal, total } = priceOrder(lines, 'USD', { kind: 'percent', value: 100 });
        const parts = lines.map((each) => each.unitPrice.amount * each.quantity);
        expect(subtotal.amount).toBe(parts.reduce((all, part) => all + part, 0));
        expect(total.amount).toBe(0);
      }),
    );
  });

  test('refuses to add currencies up', () => {
    expect(() => priceOrder([line(1, 1), line(1, 1, 'EUR')], 'USD', undefined)).toThrow(RangeError);
  });

  test('discount and total always sum to the subtotal, and neither is negative', () => {
    const terms = fc.oneof(
      fc.constant(undefined),
      fc.record({
        code: fc.constant('P'),
        kind: fc.constant('percent' as const),
        value: fc.integer({ min: 1, max: 100 }),
      }),
      fc.record({ code: fc.constant('F'), kind: fc.constant('fixed' as const), value: fc.nat(10_000_000) }),
    );
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 50 }), terms, (lines, promotion) => {
        const { subtotal, discount, total } = priceOrder(lines, 'USD', promotion);
        expect(discount.amount + total.amount).toBe(subtotal.amount);
        expect(Math.min(discount.amount, total.amount)).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
