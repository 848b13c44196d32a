import { describe, expect, test } from 'vitest';
import { type Promotion, refusal } from '../../shared/promotions/promotion.ts';

const promotion = (over: Partial<Promotion> = {}): Promotion => ({
  code: 'SPRING',
  kind: 'percent',
  value: 10,
  ...over,
});
const context = { subtotal: { amount: 5000, currency: 'USD' }, paidOrders: 0, now: new Date('2026-03-01') };

describe('a promo code', () => {
  test('that fits is not refused', () => {
    expect(refusal(promotion(), context)).toBeUndefined();
  });

  test.each<[string, Promotion | undefined, Partial<typeof context>]>([
    ['unknown', undefined, {}],
    ['not_started', promotion({ startsAt: '2026-03-02T00:00:00.000Z' }), {}],
    ['ended', promotion({ endsAt: '2026-03-01T00:00:00.000Z' }), {}],
    ['first_order_only', promotion({ firstOrderOnly: true }), { paidOrders: 1 }],
    ['other_currency', promotion({ kind: 'fixed', currency: 'EUR' }), {}],
    ['below_minimum', promotion({ minimum: { amount: 5001, currency: 'USD' } }), {}],
    ['below_minimum', promotion({ minimum: { amount: 1, currency: 'EUR' } }), {}],
  ])('is refused as %s', (reason, given, over) => {
    expect(refusal(given, { ...context, ...over })).toBe(reason);
  });
});
