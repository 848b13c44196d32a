import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;
let productId: string;

beforeAll(async () => {
  shop = await openShop();
  customer = await shop.newCustomer();
  productId = await shop.newProduct({ stockCount: 500 });
});
afterAll(() => shop?.stop());

async function paidOrder(by = customer) {
  const { json } = await shop.place(by, { items: items(productId) });
  return shop.settled(json.orderId);
}

describe('POST /order with an Idempotency-Key', () => {
  test('sent twice places one order and answers the same body again', async () => {
    const first = await shop.place(customer, { items: items(productId) }, 'twice');
    await shop.settled(first.json.orderId);
    const second = await shop.place(customer, { items: items(productId) }, 'twice');
    expect(second.status).toBe(202);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('sent ten times at once places one order', async () => {
    const before = (await shop.rows('ORDERS_TABLE')).filter((row) => row.sk === 'ORDER').length;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => shop.place(customer, { items: items(productId) }, 'at once')),
    );
    const placed = answers.filter((answer) => answer.status === 202);
    expect(new Set(placed.map((answer) => answer.json.orderId)).size).toBe(1);
    expect(answers.filter((answer) => answer.status !== 202).map((answer) => answer.json.code)).toEqual(
      answers.filter((answer) => answer.status !== 202).map(() => 'request_in_progress'),
    );
    const after = (await shop.rows('ORDERS_TABLE')).filter((row) => row.sk === 'ORDER').length;
    expect(after - before).toBe(1);
  });

  test('with another body is refused', async () => {
    await shop.place(customer, { items: items(productId) }, 'reused');
    const other = await shop.place(customer, { items: items(productId, 2) }, 'reused');
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
  });
});

describe('a bad POST /order', () => {
  // Earlier tests' checkouts still write for a moment after their answers.
  beforeAll(async () => {
    await eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined);
  });

  const send = (body: unknown, headers: Record<string, string> = { 'idempotency-key': 'bad' }) =>
    shop.call('POST', '/order', { token: customer.token, body, headers });
  const good = () => ({ items: items(productId), paymentMethod: { token: 'pm_card_visa' } });
  const fifty1 = Array.from({ length: 51 }, (_, index) => ({ productId: `p${index}`, quantity: 1 }));

  test.each<[string, number, string, () => Promise<{ status: number; json: { code: string } }>]>([
    ['no key', 400, 'idempotency_key_required', () => send(good(), {})],
    ['no items', 400, 'validation_failed', () => send({ ...good(), items: [] })],
    ['51 lines', 400, 'validation_failed', () => send({ ...good(), items: fifty1 })],
    ['quantity 0', 400, 'validation_failed', () => send({ ...good(), items: items(productId, 0) })],
    ['quantity 1000', 400, 'validation_failed', () => send({ ...good(), items: items(productId, 1000) })],
    ['half a piece', 400, 'validation_failed', () => send({ ...good(), items: items(productId, 1.5) })],
    ['an unknown field', 400, 'validation_failed', () => send({ ...good(), price: 1 })],
    [
      'a price of its own',
      400,
      'validation_failed',
      () => send({ ...good(), items: [{ productId, quantity: 1, unitPrice: 1 }] }),
    ],
    [
      'a line twice',
      400,
      'validation_failed',
      () => send({ ...good(), items: [...items(productId), ...items(productId)] }),
    ],
    ['a currency that is none', 400, 'validation_failed', () => send({ ...good(), currency: 'dollars' })],
    ['a currency without a price', 422, 'currency_unsupported', () => send({ ...good(), currency: 'EUR' })],
    ['an unknown product', 422, 'product_unknown', () => send({ ...good(), items: items('nothing') })],
    ['an unknown address', 422, 'address_unknown', () => send({ ...good(), addressLabel: 'moon' })],
    ['an unknown promo code', 422, 'promo_invalid', () => send({ ...good(), promoCode: 'NOPE' })],
    ['no payment method', 422, 'payment_method_required', () => send({ items: items(productId) })],
    [
      'an unknown saved method',
      422,
      'payment_method_required',
      () => send({ ...good(), paymentMethod: { id: 'x' } }),
    ],
  ])('with %s is %i %s and writes nothing', async (_what, status, code, attempt) => {
    const before = [await shop.rows('ORDERS_TABLE'), await shop.rows('IDEMPOTENCY_TABLE')];
    const answer = await attempt();
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect([await shop.rows('ORDERS_TABLE'), await shop.rows('IDEMPOTENCY_TABLE')]).toEqual(before);
  });

  test('names the wrong field by a JSON pointer', async () => {
    const { json, headers } = await send({ ...good(), items: items(productId, 0) });
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(json).toMatchObject({
      type: 'https://docs.storefront.dev/problems/validation_failed',
      status: 400,
      errors: [{ path: '/items/0/quantity' }],
    });
    expect(json.requestId).toBe(headers.get('x-request-id'));
  });

  test('that is no JSON, no JSON content or too large has its own code', async () => {
    const post = (text: string, type = 'application/json') =>
      shop.call('POST', '/order', {
        token: customer.token,
        text,
        headers: { 'content-type': type, 'idempotency-key': 'bad' },
      });
    expect((await post('{"items":')).json.code).toBe('malformed_json');
    expect((await post('')).json.code).toBe('malformed_json');
    expect((await post('<order/>', 'application/xml')).json.code).toBe('unsupported_media_type');
    const huge = await post(JSON.stringify({ note: 'x'.repeat(256 * 1024) }));
    expect([huge.status, huge.json.code]).toEqual([413, 'payload_too_large']);
  });
});

describe('POST /order/check', () => {
  const check = (body: Record<string, unknown>, by = customer) =>
    shop.call('POST', '/order/check', { token: by.token, body });

  test('says that everything is ready, at which price', async () => {
    const { status, json } = await check({ items: items(productId, 3) });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ready: true,
      profile: { isProfileComplete: true, missing: [], prompt: false },
      lines: [
        { productId, requested: 3, available: 3, status: 'available', lowStock: false, alternatives: [] },
      ],
      pricing: {
        subtotal: { amount: 3000 },
        discount: { amount: 0 },
        total: { amount: 3000, currency: 'USD' },
      },
      defaultAddress: { label: 'home' },
    });
  });

  test('offers alternatives for what is short, and holds nothing', async () => {
    const category = 'checked things';
    const short = await shop.newProduct({ category, stockCount: 2 });
    const gone = await shop.newProduct({ category, stockCount: 0 });
    const { json } = await check({ items: [...items(short, 3), ...items(gone)] });
    expect(json.ready).toBe(false);
    expect(json.lines).toMatchObject([
      { available: 2, status: 'partial', lowStock: true, alternatives: [] },
      { available: 0, status: 'out_of_stock', alternatives: [{ productId: short }] },
    ]);
    expect(await shop.stockOf(short)).toEqual({ stockCount: 2, availableCount: 2 });
  });

  test('asks for a profile once', async () => {
    const newcomer = await shop.newCustomer({ withProfile: false });
    const { json } = await check({ items: items(productId) }, newcomer);
    expect(json).toMatchObject({
      ready: false,
      profile: {
        isProfileComplete: false,
        missing: ['addresses', 'preferences.paymentMethod'],
        prompt: true,
      },
    });
    await shop.call('PATCH', '/user/me', {
      token: newcomer.token,
      body: { profileCompletionPrompted: true },
    });
    expect((await check({ items: items(productId) }, newcomer)).json.profile.prompt).toBe(false);
  });

  test('says that a promo code is not valid instead of failing', async () => {
    const { status, json } = await check({ items: items(productId), promoCode: 'NOPE' });
    expect([status, json.ready, json.promo]).toEqual([
      200,
      false,
      { code: 'NOPE', valid: false, reason: 'unknown' },
    ]);
  });
});

describe('reading orders', () => {
  test('shows an owner the order without the audit trail, staff with it', async () => {
    const { orderId } = await paidOrder();
    const own = await shop.call('GET', `/order/${orderId}`, { token: customer.token });
    expect(own.status).toBe(200);
    expect(own.headers.get('etag')).toBe(`"${own.json.version}"`);
    expect(own.json).not.toHaveProperty('auditLogs');
    expect(await shop.order(orderId, shop.manager)).toHaveProperty('auditLogs');
  });

  test.each(['', '/checkout'])('hides another’s order%s as if there were none', async (suffix) => {
    const { orderId } = await paidOrder();
    const stranger = await shop.newCustomer();
    const theirs = await shop.call('GET', `/order/${orderId}${suffix}`, { token: stranger.token });
    const nobodys = await shop.call('GET', `/order/01UNKNOWN${suffix}`, { token: stranger.token });
    expect([theirs.status, theirs.json.code]).toEqual([404, 'not_found']);
    expect(theirs.json.detail).toBe(nobodys.json.detail);
  });

  test('lists one’s own, newest first, in pages that neither skip nor repeat', async () => {
    const buyer = await shop.newCustomer();
    const placed: string[] = [];
    for (let count = 0; count < 5; count++) placed.unshift((await paidOrder(buyer)).orderId);
    const seen: string[] = [];
    let cursor = '';
    do {
      const path = `/order?limit=2${cursor ? `&cursor=${cursor}` : ''}`;
      const { json } = await shop.call('GET', path, { token: buyer.token });
      seen.push(...json.items.map((order: { orderId: string }) => order.orderId));
      cursor = json.nextCursor ?? '';
    } while (cursor);
    expect(seen).toEqual(placed);
  });

  test('lets staff list all, by user, by status and by time', async () => {
    const buyer = await shop.newCustomer();
    const { orderId, createdAt } = await paidOrder(buyer);
    const ids = async (query: string, token = shop.manager) => {
      const { json } = await shop.call('GET', `/order?limit=100&${query}`, { token });
      return json.items.map((order: { orderId: string }) => order.orderId);
    };
    expect(await ids(`userId=${buyer.userId}`)).toEqual([orderId]);
    expect(await ids('')).toContain(orderId);
    expect(await ids('status=Paid')).toContain(orderId);
    expect(await ids('status=Failed')).not.toContain(orderId);
    expect(await ids(`userId=${buyer.userId}&status=Failed`)).toEqual([]);
    expect(await ids(`from=${createdAt}&to=${createdAt}`)).toEqual([orderId]);
    expect(await ids(`from=${createdAt.slice(0, 10)}`)).toContain(orderId);
    expect(await ids('to=2025-01-01')).toEqual([]);
    expect(await ids(`userId=${buyer.userId}`, customer.token)).toEqual([]);
  });

  test('refuses a limit, a cursor and a parameter that it does not know', async () => {
    const code = async (query: string) =>
      (await shop.call('GET', `/order?${query}`, { token: customer.token })).json;
    expect(await code('limit=101')).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: '/query/limit' }],
    });
    expect(await code('cursor=nonsense')).toMatchObject({ code: 'validation_failed' });
    expect(await code('sort=up')).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: '/query/sort' }],
    });
  });
});

describe('who may', () => {
  test.each([
    ['POST', '/order/check', 'Manager', 'forbidden'],
    ['POST', '/order', 'Admin', 'forbidden'],
    ['POST', '/order/some/approve', 'Customer', 'forbidden'],
  ])('%s %s is not for a %s', async (method, path, role, code) => {
    const token = { Manager: shop.manager, Admin: shop.admin, Customer: customer.token }[role];
    const answer = await shop.call(method, path, { token, body: {}, headers: { 'idempotency-key': 'k' } });
    expect([answer.status, answer.json.code]).toEqual([403, code]);
  });

  test('nobody without a token, with a problem document', async () => {
    const answer = await shop.call('GET', '/order');
    expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  test('a refusal is audited', async () => {
    await shop.call('POST', '/order', { token: shop.manager, body: {}, headers: { 'idempotency-key': 'k' } });
    expect(await shop.rows('AUDIT_TABLE')).toContainEqual(
      expect.objectContaining({
        action: 'access.denied',
        pk: expect.stringMatching(/^ROUTE#POST \/order#\d{4}-\d{2}-\d{2}$/),
        reason: 'forbidden',
      }),
    );
  });
});
