import { describe, expect, test } from 'vitest';
import { type Promotion, refusal, termsOf } from '../../../shared/promotions/promotion.ts';
import { promotionRoutes } from '../../../shared/promotions/promotion-routes.ts';
import { limitRefusal } from '../../../shared/promotions/promotion-store.ts';
import { isUseDue } from '../../../shared/promotions/promotion-use.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aPromotion } from '../../support/builders/promotion.ts';
import { aUser } from '../../support/builders/user.ts';

const context = {
  subtotal: { amount: 5000, currency: 'USD' },
  shopper: aUser({ orderCount: 0 }),
  now: new Date('2026-03-01'),
};
const bought = (orderCount: number) => ({ shopper: aUser({ orderCount }) });
const news = (newsletterOptIn: boolean) => ({ shopper: aUser({ preferences: { newsletterOptIn } }) });

describe('a promo code', () => {
  test.each<[string, Partial<Promotion>, Partial<typeof context>]>([
    ['it fits', {}, {}],
    ['its window begins now', { startsAt: '2026-03-01T00:00:00.000Z' }, {}],
    ['the minimum is just reached', { minimum: { amount: 5000, currency: 'USD' } }, {}],
    ['it is a first order', { firstOrderOnly: true }, {}],
    ['the role is the one', { role: 'Customer' }, {}],
    ['the customer is new', { segment: 'new' }, {}],
    ['the customer returns', { segment: 'returning' }, bought(1)],
    ['the customer is loyal', { segment: 'loyal' }, bought(5)],
    ['the customer reads the newsletter', { segment: 'newsletter' }, news(true)],
  ])('is taken when %s', (_, given, over) => {
    expect(refusal(aPromotion(given), { ...context, ...over })).toBeUndefined();
  });

  test.each<[string, Promotion | undefined, Partial<typeof context>]>([
    ['unknown', undefined, {}],
    ['not_started', aPromotion({ startsAt: '2026-03-02T00:00:00.000Z' }), {}],
    ['ended', aPromotion({ endsAt: '2026-03-01T00:00:00.000Z' }), {}],
    ['first_order_only', aPromotion({ firstOrderOnly: true }), bought(1)],
    ['other_role', aPromotion({ role: 'Manager' }), {}],
    ['other_segment', aPromotion({ segment: 'new' }), bought(1)],
    ['other_segment', aPromotion({ segment: 'returning' }), {}],
    ['other_segment', aPromotion({ segment: 'loyal' }), bought(4)],
    ['other_segment', aPromotion({ segment: 'newsletter' }), news(false)],
    ['other_currency', aPromotion({ kind: 'fixed', currency: 'EUR' }), {}],
    ['below_minimum', aPromotion({ minimum: { amount: 5001, currency: 'USD' } }), {}],
    ['below_minimum', aPromotion({ minimum: { amount: 1, currency: 'EUR' } }), {}],
  ])('is refused as %s', (reason, given, over) => {
    expect(refusal(given, { ...context, ...over })).toBe(reason);
  });

  test('for first orders counts once for each customer', () => {
    expect(termsOf(aPromotion({ firstOrderOnly: true, maxUsesPerUser: 5 })).maxUsesPerUser).toBe(1);
  });

  test.each([
    [{ maxUses: 10 }, { total: 10, byUser: 0 }, 'used_up'],
    [{ maxUses: 10 }, { total: 9, byUser: 9 }, undefined],
    [{ maxUsesPerUser: 1 }, { total: 99, byUser: 1 }, 'used_up_by_you'],
    [{}, { total: 99, byUser: 99 }, undefined],
  ])('with the limits %j after %j uses is refused as %s', async (limits, uses, reason) => {
    const promotions = { usesOf: async () => uses };
    expect(await limitRefusal(aPromotion(limits), 'user-1', promotions)).toBe(reason);
  });
});

describe('the use of a code', () => {
  const promotion = termsOf(aPromotion());
  const money = (amount: number) => ({ amount, currency: 'USD' });
  const priced = (off: number) => ({ subtotal: money(2000), discount: money(off), total: money(2000 - off) });

  test.each([
    ['a Failed order', { status: 'Failed' as const, promotion }, true],
    ['a Cancelled order', { status: 'Cancelled' as const, promotion }, true],
    ['an order whose discount fell away with its stock', { allocation: 'partial' as const, promotion }, true],
    [
      'an order that keeps its discount',
      { allocation: 'partial' as const, promotion, pricing: priced(200) },
      false,
    ],
    ['an order under way', { promotion }, false],
    ['a Refunded order', { status: 'Refunded' as const, promotion, pricing: priced(200) }, false],
    [
      'an order that gave it back',
      { status: 'Failed' as const, promotion: { ...promotion, released: true } },
      false,
    ],
    ['an order without a code', { status: 'Failed' as const }, false],
  ])('of %s is due: %#', (_, order, expected) => {
    expect(isUseDue(anOrder(order))).toBe(expected);
  });
});

describe('the request for a promo code', () => {
  const { body } = promotionRoutes.createPromotion;
  const good = { code: 'spring-26', kind: 'percent', value: 10 };

  test('keeps the code in capitals', () => {
    expect(body.parse(good).code).toBe('SPRING-26');
  });

  test.each([
    ['code', { code: 'two words' }],
    ['code', { code: '' }],
    ['kind', { kind: 'free' }],
    ['value', { value: 101 }],
    ['value', { value: 0 }],
    ['value', { value: 1.5 }],
    ['currency', { kind: 'fixed', value: 500 }],
    ['minimum', { kind: 'fixed', value: 500, currency: 'USD', minimum: { amount: 1, currency: 'EUR' } }],
    ['endsAt', { startsAt: '2026-03-01T00:00:00.000Z', endsAt: '2026-03-01T00:00:00.000Z' }],
    ['startsAt', { startsAt: 'tomorrow' }],
    ['maxUses', { maxUses: 0 }],
    ['maxUsesPerUser', { maxUsesPerUser: -1 }],
    ['segment', { segment: 'rich' }],
    ['role', { role: 'Guest' }],
  ])('is refused with a wrong %s', (field, over) => {
    expect(body.safeParse({ ...good, ...over }).error?.issues[0]?.path[0]).toBe(field);
  });

  test('is refused with a field that nobody knows', () => {
    expect(body.safeParse({ ...good, stackable: true }).success).toBe(false);
  });
});
