import { describe, expect, it } from 'vitest';
import type { Product } from '../../../shared/catalogue/product.ts';
import type { OfferedPromotion } from '../../../shared/insights/promotions-for.ts';
import { recommend } from '../../../shared/insights/recommend.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { aProduct } from '../../support/builders/product.ts';
import { aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';

interface World {
  orders?: Order[];
  products?: Partial<Product>[];
  together?: Record<string, Record<string, number>>;
  best?: Record<string, string[]>;
  promotions?: OfferedPromotion[];
}

/** By default half a year lies between the orders of the builder and today. */
function ask({ orders = [], products = [], together = {}, best = {}, promotions = [] }: World) {
  const known = new Map(products.map((fields) => [fields.productId ?? '', aProduct(fields)]));
  return recommend(aUser({ orderCount: orders.length }), {
    orders: { list: async () => ({ items: orders }) },
    products: {
      findMany: async (ids) =>
        new Map(
          ids.flatMap((id) => {
            const product = known.get(id);
            return product ? [[id, product] as const] : [];
          }),
        ),
    },
    insights: {
      boughtTogether: async (id, limit) =>
        Object.entries(together[id] ?? {})
          .map(([productId, score]) => ({ productId, score }))
          .slice(0, limit),
      bestSellers: async (category = 'ALL') =>
        (best[category] ?? []).map((productId) => ({ productId, score: 1 })),
    },
    promotions: { forUser: async () => promotions },
    clock: testEffects('2026-09-01T00:00:00.000Z').clock,
  });
}

const named = (...ids: string[]) => ids.map((productId) => ({ productId }));
const paid = (fields: Partial<Order> = {}) => anOrder({ status: 'Paid', ...fields });
const shown = async (world: World) =>
  (await ask(world)).items.map(({ product, reason }) => `${product.productId} ${reason}`);

describe('recommendations', () => {
  it('start with what others bought beside the user’s purchases, most often first', async () => {
    const items = [anItem(), anItem({ productId: 'pan' })];
    expect(
      await shown({
        orders: [paid({ items })],
        products: named('cup', 'lid', 'tea'),
        together: { mug: { tea: 4, cup: 3 }, pan: { lid: 5, cup: 3 } },
      }),
    ).toEqual(['cup bought_together', 'lid bought_together', 'tea bought_together']);
  });

  it('go on with best sellers of the user’s categories, then of the shop, each product once', async () => {
    expect(
      await shown({
        orders: [paid()],
        products: named('cup', 'bowl', 'lamp', 'rug'),
        together: { mug: { cup: 3 } },
        best: { kitchen: ['cup', 'bowl'], ALL: ['lamp', 'bowl', 'rug'] },
      }),
    ).toEqual(['cup bought_together', 'bowl best_seller', 'lamp best_seller', 'rug best_seller']);
  });

  it('are the shop’s best sellers for somebody who has bought nothing', async () => {
    expect(await shown({ products: named('lamp'), best: { ALL: ['lamp'] } })).toEqual(['lamp best_seller']);
    expect(await ask({})).toEqual({ items: [], promotions: [] });
  });

  it('leave out what is archived, out of stock, gone, or was ordered within thirty days', async () => {
    const recent = anOrder({
      createdAt: '2026-08-20T00:00:00.000Z',
      items: [anItem({ productId: 'kettle' })],
    });
    expect(
      await shown({
        orders: [recent, paid()],
        products: [
          { productId: 'old', archived: true },
          { productId: 'sold-out', availableCount: 0 },
          ...named('kettle', 'mug', 'good'),
        ],
        best: { ALL: ['old', 'sold-out', 'gone', 'kettle', 'mug', 'good'] },
      }),
    ).toEqual(['mug best_seller', 'good best_seller']);
  });

  it('take orders that failed for no purchase', async () => {
    const failed = anOrder({ status: 'Failed', createdAt: '2026-08-20T00:00:00.000Z' });
    expect(
      await shown({
        orders: [failed],
        products: named('mug', 'cup'),
        together: { mug: { cup: 9 } },
        best: { ALL: ['mug'] },
      }),
    ).toEqual(['mug best_seller']);
  });

  it('answer ten items at most, in the currency of the last order where there is a price in it', async () => {
    const ids = Array.from({ length: 14 }, (_, index) => `p${index}`);
    const prices = [
      { amount: 1000, currency: 'USD' },
      { amount: 900, currency: 'EUR' },
    ];
    const { items } = await ask({
      orders: [paid({ currency: 'EUR' })],
      products: ids.map((productId) => ({ productId, prices })),
      best: { ALL: ids },
    });
    expect(items).toHaveLength(10);
    expect(items[0]?.product.price).toEqual({ amount: 900, currency: 'EUR' });
    expect(items[0]?.product).not.toHaveProperty('stockCount');
  });

  it('show promotions, and first the items that reach the minimum of one', async () => {
    const minimum = { amount: 5000, currency: 'USD' };
    const promotion: OfferedPromotion = { code: 'BIG', kind: 'percent', value: 10, minimum };
    const price = (amount: number) => [{ amount, currency: 'USD' }];
    const world = {
      products: [
        { productId: 'cheap', prices: price(100) },
        { productId: 'dear', prices: price(5000) },
      ],
      best: { ALL: ['cheap', 'dear'] },
      promotions: [promotion],
    };
    expect(await shown(world)).toEqual(['dear promotion', 'cheap best_seller']);
    expect((await ask(world)).promotions).toEqual([{ code: 'BIG', kind: 'percent', value: 10, minimum }]);
    const open = { ...world, promotions: [{ code: 'ANY', kind: 'percent', value: 5 } as const] };
    expect(await shown(open)).toEqual(['cheap best_seller', 'dear best_seller']);
  });
});
