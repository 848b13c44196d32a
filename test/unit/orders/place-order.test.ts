import { describe, expect, test } from 'vitest';
import type { RateTable } from '../../../shared/money/exchange.ts';
import type { OrderBody } from '../../../shared/orders/order-schemas.ts';
import { type PlacePorts, placeOrder } from '../../../shared/orders/place-order.ts';
import { fraudRules } from '../../support/builders/fraud.ts';
import { aProduct } from '../../support/builders/product.ts';
import { anAddress, aUser } from '../../support/builders/user.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryCatalogue, memoryCheckouts, memoryOrders } from '../../support/memory-orders.ts';

const customer = aUser({
  addresses: [
    anAddress({ isDefault: true }),
    anAddress({ label: 'work', country: 'DE', isDefault: false }),
  ].map((address) => ({ isDefault: false, ...address })),
  paymentMethods: [{ id: 'pm-1', token: 'pm_card_visa', brand: 'visa', last4: '4242', isDefault: true }],
});
const mug = aProduct({ productId: 'mug', prices: [{ amount: 1999, currency: 'USD' }] });
const pan = aProduct({
  productId: 'pan',
  prices: [
    { amount: 3000, currency: 'USD' },
    { amount: 2500, currency: 'USD', region: 'DE' },
    { amount: 2800, currency: 'EUR' },
  ],
});

function setUp(products = [mug, pan], rates?: RateTable, rules?: Parameters<typeof fraudRules>[0]) {
  const orders = memoryOrders();
  const checkouts = memoryCheckouts();
  const ports: PlacePorts = {
    orders: orders.store,
    products: memoryCatalogue(...products),
    promotions: { find: async () => undefined },
    rates: { inEffect: async () => rates },
    checkouts: checkouts.runs,
    effects: testEffects(),
    paymentProvider: 'sandbox',
    fraud: { rules: fraudRules(rules), pauseSeconds: 3600 },
  };
  const place = (body: Partial<OrderBody> = {}, key = 'key-1', user = customer) =>
    placeOrder(
      {
        user,
        key,
        body: { items: [{ productId: 'mug', quantity: 2 }], paymentMethod: { id: 'pm-1' }, ...body },
        client: { ip: '203.0.113.7', region: 'US', userAgent: 'test' },
        requestId: 'request-1',
      },
      ports,
    );
  return { orders, checkouts, ports, place };
}

describe('placing an order', () => {
  test('keeps the catalogue’s price, the address and the payment method, and starts the checkout', async () => {
    const { place, orders, checkouts } = setUp();
    const { order, replayed } = await place();
    expect(replayed).toBe(false);
    expect(order).toMatchObject({
      status: 'Pending',
      pricing: { total: { amount: 3998, currency: 'USD' } },
      address: { label: 'home' },
      paymentInfo: { provider: 'sandbox', brand: 'visa', last4: '4242', attempts: 0 },
    });
    expect(checkouts.started).toEqual([order.orderId]);
    expect(orders.audit).toMatchObject([{ action: 'order.created', where: { ip: '203.0.113.7' } }]);
  });

  test('takes the price of the address’ region', async () => {
    const { place } = setUp();
    const items = [{ productId: 'pan', quantity: 1 }];
    expect((await place({ items, addressLabel: 'work' })).order.pricing.total.amount).toBe(2500);
  });

  test('of a customer without an address is placed without one', async () => {
    const { place } = setUp();
    const { order } = await place({ paymentMethod: { token: 'pm_card_visa' } }, 'key-1', aUser());
    expect(order.address).toBeUndefined();
  });
});

describe('what an order tells the fraud rules', () => {
  const rates = {
    base: 'USD',
    effectiveAt: '2026-02-28T00:00:00.000Z',
    rates: { EUR: '0.92', JPY: '150', KWD: '0.307' },
  };
  const limit = { amount: 50_000, currency: 'USD' };
  const factsOf = async ({
    rules,
    currency,
    user,
    table = rates,
  }: {
    rules?: Parameters<typeof setUp>[2];
    currency?: string;
    user?: typeof customer;
    table?: RateTable;
  } = {}) => {
    const pot = aProduct({
      productId: 'mug',
      prices: ['USD', 'EUR', 'JPY', 'CHF'].map((code) => ({ amount: 1999, currency: code })),
    });
    const { place, orders, ports } = setUp([pot], table, rules);
    const asked: Date[] = [];
    Object.assign(ports, {
      rates: {
        inEffect: async (at: Date) => {
          asked.push(at);
          return table;
        },
      },
    });
    const { order } = await place(currency === undefined ? {} : { currency }, 'key-1', user);
    return { facts: orders.byId.get(order.orderId)?.fraudFacts, asked: asked.length };
  };
  const rules = { firstOrderAmount: { limit, limits: [{ amount: 45_000, currency: 'EUR' }] } };

  test('is how many were paid before, and where it came from', async () => {
    const returning = { ...customer, orderCount: 2, region: 'DE' };
    expect((await factsOf({ user: returning })).facts).toEqual({ paidOrders: 2, placedIn: 'US' });
  });

  test('is the limit of a first order, as it is set for the currency', async () => {
    const inDollars = await factsOf({ rules });
    expect(inDollars).toMatchObject({ facts: { paidOrders: 0, firstOrderLimit: limit }, asked: 0 });
    expect(await factsOf({ rules, currency: 'EUR' })).toMatchObject({
      facts: { firstOrderLimit: { amount: 45_000, currency: 'EUR' } },
      asked: 0,
    });
  });

  test('is that limit by the rates of the day where none is set, in the currency’s own minor unit', async () => {
    expect(await factsOf({ rules, currency: 'JPY' })).toMatchObject({
      facts: { firstOrderLimit: { amount: 75_000, currency: 'JPY' } },
      asked: 1,
    });
  });

  test('is no limit where no rate tells it, for a returning customer, or with the rule off', async () => {
    const returning = { ...customer, orderCount: 1 };
    for (const one of [{ rules, currency: 'CHF' }, { rules, user: returning }, {}]) {
      expect((await factsOf(one)).facts).not.toHaveProperty('firstOrderLimit');
    }
    expect(await factsOf({ rules, currency: 'JPY', user: returning })).toMatchObject({ asked: 0 });
  });

  test('is not shown to the customer', async () => {
    const { place } = setUp([mug], rates, rules);
    expect(JSON.stringify((await place()).order)).not.toContain('raudFacts');
  });
});

describe('the same Idempotency-Key', () => {
  test('answers the first order again and makes no second', async () => {
    const { place, orders } = setUp();
    const first = await place();
    const second = await place();
    expect(second).toEqual({ order: first.order, replayed: true });
    expect(orders.byId.size).toBe(1);
  });

  test('of another user is another key', async () => {
    const { place, orders } = setUp();
    await place();
    await place({ paymentMethod: { token: 'pm_card_visa' } }, 'key-1', aUser({ userId: 'user-2' }));
    expect(orders.byId.size).toBe(2);
  });

  test('with another body is refused', async () => {
    const { place } = setUp();
    await place();
    await expect(place({ allowPartial: true })).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('answers the first order though its product has been archived since', async () => {
    const { place, ports } = setUp();
    const first = await place();
    Object.assign(ports, { products: memoryCatalogue({ ...mug, archived: true }) });
    expect((await place()).order.orderId).toBe(first.order.orderId);
  });

  test('starts the checkout that a crash after the write left unstarted', async () => {
    const { place, ports, checkouts, orders } = setUp();
    const start = ports.checkouts.start;
    Object.assign(ports.checkouts, { start: () => Promise.reject(new Error('crash')) });
    await expect(place()).rejects.toThrow('crash');
    Object.assign(ports.checkouts, { start });
    const { order, replayed } = await place();
    expect(replayed).toBe(true);
    expect(checkouts.started).toEqual([order.orderId]);
    expect(orders.byId.size).toBe(1);
  });
});

describe('an order in a currency that a product has no price in', () => {
  const effectiveAt = '2026-02-28T00:00:00.000Z';
  const rates = { base: 'USD', effectiveAt, rates: { EUR: '0.92', JPY: '150', KWD: '0.307' } };

  test('keeps the converted price, what it was converted from, and the rates with their date', async () => {
    const { place, orders } = setUp([mug, pan], rates);
    const items = [
      { productId: 'mug', quantity: 2 },
      { productId: 'pan', quantity: 1 },
    ];
    const { order } = await place({ items, currency: 'EUR' });
    // 19.99 USD are 18.3908 EUR; the pan has a price in euros of its own.
    expect(order.items).toMatchObject([
      {
        unitPrice: { amount: 1839, currency: 'EUR' },
        convertedFrom: { amount: 1999, currency: 'USD' },
      },
      { unitPrice: { amount: 2800, currency: 'EUR' } },
    ]);
    expect(order.items[1]).not.toHaveProperty('convertedFrom');
    expect(order.pricing.total).toEqual({ amount: 2 * 1839 + 2800, currency: 'EUR' });
    expect(order.exchange).toEqual({ base: 'USD', effectiveAt, rates: { EUR: '0.92' } });
    expect(orders.byId.get(order.orderId)?.exchange).toEqual(order.exchange);
  });

  test.each([
    ['JPY', 2999],
    ['KWD', 6137],
  ])('is counted in the minor unit of %s', async (currency, amount) => {
    const { place } = setUp([mug], rates);
    const { order } = await place({ items: [{ productId: 'mug', quantity: 1 }], currency });
    expect(order.pricing.total).toEqual({ amount, currency });
  });

  test('reads no rates when every price is set', async () => {
    const { place, ports } = setUp();
    Object.assign(ports, { rates: { inEffect: () => Promise.reject(new Error('not to be read')) } });
    expect((await place()).order).not.toHaveProperty('exchange');
  });
});

describe('an order that cannot be placed', () => {
  test.each<[string, Partial<OrderBody>]>([
    ['product_unknown', { items: [{ productId: 'nothing', quantity: 1 }] }],
    ['currency_unsupported', { currency: 'EUR' }],
    ['address_unknown', { addressLabel: 'moon' }],
    ['payment_method_required', { paymentMethod: undefined }],
    ['payment_method_required', { paymentMethod: { id: 'another’s' } }],
    ['promo_invalid', { promoCode: 'NOPE' }],
  ])('is refused as %s and writes nothing', async (code, body) => {
    const { place, orders, checkouts } = setUp();
    await expect(place(body)).rejects.toMatchObject({ code });
    expect([orders.byId.size, orders.placed.size, checkouts.started.length]).toEqual([0, 0, 0]);
  });

  test('names the lines that it fails for', async () => {
    const { place } = setUp();
    const items = [
      { productId: 'mug', quantity: 1 },
      { productId: 'nothing', quantity: 1 },
    ];
    await expect(place({ items })).rejects.toMatchObject({
      options: { errors: [{ path: '/items/1/productId' }] },
    });
  });
});
