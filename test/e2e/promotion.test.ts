import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;
let mug: string;
let made = 0;

beforeAll(async () => {
  shop = await openShop({ prewarm: true });
  customer = await shop.newCustomer();
  mug = await shop.newProduct({ stockCount: 500 });
});
afterAll(() => shop?.stop());

const create = (body: object, token: string | undefined = shop.admin) =>
  shop.call('POST', '/order/promotion', { token, body });
const remove = (code: string, token = shop.admin) =>
  shop.call('DELETE', `/order/promotion/${code}`, { token });
const list = (query = '', token = shop.admin) => shop.call('GET', `/order/promotion${query}`, { token });
const check = (body: object, by = customer) => shop.call('POST', '/order/check', { token: by.token, body });
/** Creates a code of ten percent and answers it. */
async function aCode(over: object = {}): Promise<string> {
  made += 1;
  const { status, json, text } = await create({ code: `CODE${made}`, kind: 'percent', value: 10, ...over });
  if (status !== 201) throw new Error(text);
  return json.code;
}
const usesOf = async (code: string) =>
  (await list('?limit=100')).json.items.find((item: { code: string }) => item.code === code)?.uses;

describe('POST /order/promotion', () => {
  test('makes a code that GET lists and the audit trail tells of', async () => {
    const body = {
      code: 'welcome',
      kind: 'fixed',
      value: 500,
      currency: 'USD',
      minimum: { amount: 1500, currency: 'USD' },
      startsAt: '2020-01-01T00:00:00.000Z',
      endsAt: '2099-01-01T00:00:00.000Z',
      maxUses: 100,
      maxUsesPerUser: 2,
      firstOrderOnly: true,
      segment: 'new',
      role: 'Customer',
    };
    const { status, json, headers } = await create(body);
    expect([status, headers.get('location')]).toEqual([201, '/order/promotion/WELCOME']);
    expect(json).toMatchObject({ ...body, code: 'WELCOME' });
    expect((await list()).json.items[0]).toMatchObject({ ...body, code: 'WELCOME', uses: 0 });
    expect((await create(body)).json).toMatchObject({ status: 409, code: 'invalid_state' });
    const entries = (await shop.rows('AUDIT_TABLE')).filter((row) => row.pk === 'PROMOTION#WELCOME');
    expect(entries).toMatchObject([
      { action: 'promotion.created', actor: { role: 'Admin' }, after: { code: 'WELCOME', value: 500 } },
    ]);
  });

  test('names what is wrong and writes nothing', async () => {
    const before = await shop.rows('PROMOTIONS_TABLE');
    const { status, json } = await create({ code: 'a b', kind: 'fixed', value: 0, stackable: true });
    expect([status, json.code]).toEqual([400, 'validation_failed']);
    expect(json.errors.map((error: { path: string }) => error.path).sort()).toEqual([
      '/code',
      '/currency',
      '/stackable',
      '/value',
    ]);
    expect((await create({ code: 'x', kind: 'fixed', value: 5 })).json.errors).toMatchObject([
      { path: '/currency' },
    ]);
    expect(await shop.rows('PROMOTIONS_TABLE')).toEqual(before);
  });

  test('is for Admins, as are the list and deletion', async () => {
    for (const token of [shop.manager, customer.token]) {
      expect((await create({ code: 'X', kind: 'percent', value: 1 }, token)).json.code).toBe('forbidden');
      expect((await list('', token)).json.code).toBe('forbidden');
      expect((await remove('WELCOME', token)).json.code).toBe('forbidden');
    }
    const anonymous = await shop.call('GET', '/order/promotion');
    expect(anonymous.json).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect((await shop.call('PUT', '/order/promotion', { token: shop.admin })).status).toBe(405);
  });
});

describe('GET /order/promotion', () => {
  test('pages, newest first', async () => {
    const codes = [await aCode(), await aCode(), await aCode()].reverse();
    const first = (await list('?limit=2')).json;
    const second = (await list(`?limit=2&cursor=${first.nextCursor}`)).json;
    const found = [...first.items, ...second.items].map((item: { code: string }) => item.code);
    expect(found.slice(0, 3)).toEqual(codes);
    expect((await list('?cursor=nonsense')).json).toMatchObject({ status: 400, code: 'validation_failed' });
  });
});

describe('DELETE /order/promotion/{code}', () => {
  test('ends a code, and makes it free for another', async () => {
    const code = await aCode();
    expect((await remove(code.toLowerCase())).status).toBe(204);
    expect((await remove(code)).json).toMatchObject({ status: 404, code: 'not_found' });
    expect((await check({ items: items(mug), promoCode: code })).json.promo.reason).toBe('unknown');
    expect((await create({ code, kind: 'percent', value: 5 })).status).toBe(201);
  });
});

describe('an order with a code', () => {
  test('has the discount, in check and order alike, in whatever case the code is written', async () => {
    const code = await aCode({ kind: 'fixed', value: 300, currency: 'USD' });
    const body = { items: items(mug, 2), promoCode: code.toLowerCase() };
    const pricing = {
      subtotal: { amount: 2000, currency: 'USD' },
      discount: { amount: 300, currency: 'USD' },
      total: { amount: 1700, currency: 'USD' },
    };
    expect((await check(body)).json).toMatchObject({ pricing, promo: { valid: true } });
    const { json } = await shop.place(customer, body);
    expect(json).toMatchObject({ promoCode: code, pricing });
    const paid = await shop.settled(json.orderId);
    expect(paid).toMatchObject({ status: 'Paid', promoCode: code, pricing });
  });

  test.each([
    ['ended', { endsAt: '2020-01-01T00:00:00.000Z' }],
    ['not_started', { startsAt: '2099-01-01T00:00:00.000Z' }],
    ['other_currency', { kind: 'fixed', currency: 'EUR' }],
    ['below_minimum', { minimum: { amount: 1001, currency: 'USD' } }],
    ['first_order_only', { firstOrderOnly: true }],
    ['other_segment', { segment: 'loyal' }],
    ['other_role', { role: 'Manager' }],
  ])('that is %s is refused, and check says so', async (reason, over) => {
    const promoCode = await aCode(over);
    const answer = (await check({ items: items(mug), promoCode })).json;
    expect(answer).toMatchObject({ ready: false, promo: { code: promoCode, valid: false, reason } });
    expect(answer.pricing.discount.amount).toBe(0);
    expect((await shop.place(customer, { items: items(mug), promoCode })).json).toMatchObject({
      status: 422,
      code: 'promo_invalid',
      errors: [{ path: '/promoCode', message: reason }],
    });
  });

  test('counts once though it is sent twice', async () => {
    const promoCode = await aCode({ maxUses: 5 });
    const body = { items: items(mug), promoCode };
    const answers = await Promise.all([1, 2, 3].map(() => shop.place(customer, body, `twice-${promoCode}`)));
    const ids = answers.filter(({ status }) => status === 202).map(({ json }) => json.orderId);
    expect(new Set(ids).size).toBe(1);
    expect((await shop.settled(ids[0])).status).toBe('Paid');
    expect(await usesOf(promoCode)).toBe(1);
  });

  test('gives its use back when the payment fails', async () => {
    const promoCode = await aCode({ maxUses: 1, maxUsesPerUser: 1 });
    const declined = await shop.place(customer, {
      items: items(mug),
      promoCode,
      paymentMethod: { token: 'pm_card_visa_chargeDeclined' },
    });
    expect((await check({ items: items(mug), promoCode })).json.promo).toMatchObject({ reason: 'used_up' });
    expect((await shop.settled(declined.json.orderId)).failure.code).toBe('payment_declined');
    expect(await usesOf(promoCode)).toBe(0);
    const again = await shop.place(customer, { items: items(mug), promoCode });
    expect((await shop.settled(again.json.orderId)).status).toBe('Paid');
    expect(await usesOf(promoCode)).toBe(1);
    expect((await shop.place(customer, { items: items(mug), promoCode })).json.code).toBe('promo_invalid');
  });

  test('gives its use back when it is cancelled after paying', async () => {
    const promoCode = await aCode({ maxUses: 1 });
    const { json } = await shop.place(customer, { items: items(mug), promoCode });
    await shop.settled(json.orderId);
    const cancel = await shop.call('POST', `/order/${json.orderId}/cancel`, {
      token: customer.token,
      body: {},
    });
    expect(cancel.status).toBe(202);
    await shop.inStatus(json.orderId, 'Cancelled');
    expect(await usesOf(promoCode)).toBe(0);
  });

  test('that is fulfilled below the minimum loses the discount and keeps the code usable', async () => {
    const scarce = await shop.newProduct({ stockCount: 1 });
    const promoCode = await aCode({ minimum: { amount: 2000, currency: 'USD' }, maxUses: 1 });
    const placed = await shop.place(customer, { items: items(scarce, 3), promoCode, allowPartial: true });
    expect(placed.json.pricing.discount.amount).toBe(300);
    const order = await shop.settled(placed.json.orderId);
    expect(order).toMatchObject({
      status: 'Paid',
      flags: { partialFulfillment: true },
      pricing: { subtotal: { amount: 1000 }, discount: { amount: 0 }, total: { amount: 1000 } },
    });
    expect(await usesOf(promoCode)).toBe(0);
  });
});

describe('thirty orders at once', () => {
  test('use a code as often as it may be used, each customer once', { timeout: 120_000 }, async () => {
    const buyers = await Promise.all(Array.from({ length: 15 }, () => shop.newCustomer()));
    const promoCode = await aCode({ maxUses: 10, maxUsesPerUser: 1 });
    const answers = await Promise.all(
      [...buyers, ...buyers].map(async (buyer) => ({
        buyer,
        answer: await placeUntilDecided(buyer, { items: items(mug), promoCode }),
      })),
    );
    const taken = answers.filter(({ answer }) => answer.status === 202);
    expect(taken).toHaveLength(10);
    expect(new Set(taken.map(({ buyer }) => buyer.userId)).size).toBe(10);
    const refused = answers.filter(({ answer }) => answer.status !== 202);
    expect(refused.every(({ answer }) => answer.json.code === 'promo_invalid')).toBe(true);
    expect(await usesOf(promoCode)).toBe(10);
    await eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined);
    const paid = await Promise.all(taken.map(({ answer }) => shop.order(answer.json.orderId)));
    expect(paid.map((order) => order.pricing.discount.amount)).toEqual(Array(10).fill(100));
  });

  /** A busy counter is answered as request_in_progress, which says to send the same request again. */
  async function placeUntilDecided(buyer: Customer, body: Record<string, unknown>) {
    const key = `race-${++made}`;
    for (;;) {
      const answer = await shop.place(buyer, body, key);
      if (answer.json.code !== 'request_in_progress') return answer;
    }
  }
});

describe('an order in a currency without set prices', () => {
  const rates = { EUR: '0.92', JPY: '150' };

  test('keeps the rate of its day, however rates change after it', async () => {
    const body = { items: items(mug, 3), currency: 'JPY' };
    expect((await check(body)).json.code).toBe('currency_unsupported');
    expect((await shop.place(customer, body)).json).toMatchObject({
      status: 422,
      code: 'currency_unsupported',
      errors: [{ path: '/items/0/productId' }],
    });
    await shop.call('PUT', '/product/rates', { token: shop.admin, body: { rates } });
    const price = { unitPrice: { amount: 1500, currency: 'JPY' } };
    expect((await check(body)).json).toMatchObject({
      lines: [price],
      pricing: { total: { amount: 4500, currency: 'JPY' } },
    });
    const { json } = await shop.place(customer, body);
    const kept = {
      items: [{ ...price, convertedFrom: { amount: 1000, currency: 'USD' } }],
      exchange: { base: 'USD', rates: { JPY: '150' } },
      pricing: { total: { amount: 4500, currency: 'JPY' } },
    };
    expect(json).toMatchObject(kept);
    await shop.call('PUT', '/product/rates', { token: shop.admin, body: { rates: { JPY: '90' } } });
    expect(await shop.settled(json.orderId)).toMatchObject({ status: 'Paid', ...kept });
  });

  test('takes a percentage off what was converted, but no fixed amount of another currency', async () => {
    await shop.call('PUT', '/product/rates', { token: shop.admin, body: { rates } });
    const body = { items: items(mug), currency: 'EUR' };
    const percent = await shop.place(customer, { ...body, promoCode: await aCode({ value: 15 }) });
    expect(percent.json.pricing).toMatchObject({
      subtotal: { amount: 920, currency: 'EUR' },
      discount: { amount: 138 },
      total: { amount: 782 },
    });
    const promoCode = await aCode({ kind: 'fixed', value: 100, currency: 'USD' });
    expect((await shop.place(customer, { ...body, promoCode })).json.code).toBe('promo_invalid');
  });
});
