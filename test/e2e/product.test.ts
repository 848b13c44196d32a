import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { connectDynamo } from '../support/dynamo.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
let dynamo: Dynamo;
let admin: string;
let manager: string;
let customer: string;

beforeAll(async () => {
  stack = await startLocalStack({ seed: false });
  dynamo = connectDynamo(stack.runtime.dynamodbEndpoint);
  [admin, manager, customer] = await Promise.all([
    stack.loginAs('admin'),
    stack.loginAs('manager'),
    stack.loginAs('customer'),
  ]);
});
afterAll(async () => {
  dynamo?.destroy();
  await stack?.stop();
});

const mug = {
  name: 'Enamel mug',
  description: 'Holds a third of a litre.',
  category: 'kitchen',
  imageUrl: 'https://cdn.example.com/mug.jpg',
  prices: [
    { amount: 1999, currency: 'USD' },
    { amount: 1899, currency: 'EUR' },
    { amount: 1699, currency: 'EUR', region: 'PT' },
  ],
  stockCount: 12,
};

const create = (body: object = mug, token: string | undefined = admin) =>
  stack.call('POST', '/product', { body, ...(token === undefined ? {} : { token }) });
const patch = (productId: string, body: object, ifMatch?: string, token = admin) =>
  stack.call('PATCH', `/product/${productId}`, {
    body,
    token,
    ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
  });
const adjust = (productId: string, body: object, token = manager) =>
  stack.call('POST', `/product/${productId}/stock`, { body, token });
const read = (productId: string, query = '', token?: string) =>
  stack.call('GET', `/product/${productId}${query}`, token === undefined ? {} : { token });
const ledger = (productId: string, query = '', token = manager) =>
  stack.call('GET', `/product/${productId}/stock${query}`, { token });
const aMug = async (over: object = {}): Promise<string> => (await create({ ...mug, ...over })).json.productId;

/** Everything that is kept of products, their stock and their trail. */
async function written(): Promise<Record<string, unknown>[]> {
  const names = ['PRODUCTS_TABLE', 'LISTINGS_TABLE', 'INVENTORY_TABLE', 'AUDIT_TABLE'];
  const scans = names.map((name) =>
    dynamo.send(new ScanCommand({ TableName: stack.runtime.tables[name], ConsistentRead: true })),
  );
  const items = (await Promise.all(scans)).flatMap((scan) => scan.Items ?? []);
  // Refusals are audited too, under their route.
  return items.filter((item) => item.productId !== undefined || String(item.pk).startsWith('PRODUCT#'));
}

describe('POST /product', () => {
  it('answers the product with its address and tag', async () => {
    const { status, json, headers } = await create();

    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/product/${json.productId}`);
    expect(headers.get('etag')).toBe('"1"');
    expect(headers.get('x-request-id')).toBeTruthy();
    expect(json).toMatchObject({
      ...mug,
      price: { amount: 1999, currency: 'USD' },
      availability: 'in_stock',
      availableCount: 12,
      lowStockThreshold: 5,
      version: 1,
    });
    expect(json.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(json.updatedBy).toBe(json.createdBy);
    expect(json.auditLogs).toMatchObject([{ action: 'product.created', actor: { role: 'Admin' } }]);
  });

  it('names each wrong field and writes nothing', async () => {
    const before = await written();
    const { status, json } = await create({
      name: '',
      prices: [{ amount: 1.5, currency: 'USD' }],
      stockCount: -1,
      weight: 3,
    });
    expect(status).toBe(400);
    expect(json.code).toBe('validation_failed');
    const paths = json.errors.map((error: { path: string }) => error.path).sort();
    expect(paths).toEqual(['/category', '/name', '/prices/0/amount', '/stockCount', '/weight']);
    expect(await written()).toEqual(before);
  });

  it('tells malformed JSON, another content type and too large a body apart', async () => {
    const before = await written();
    const send = async (body: string, type = 'application/json') => {
      const headers = { 'Content-Type': type, Authorization: `Bearer ${admin}` };
      const response = await fetch(`${stack.runtime.url}/product`, { method: 'POST', body, headers });
      return [response.status, JSON.parse(await response.text()).code];
    };
    expect(await send('{"name":')).toEqual([400, 'malformed_json']);
    expect(await send(JSON.stringify(mug), 'text/plain')).toEqual([415, 'unsupported_media_type']);
    expect(await send(JSON.stringify({ ...mug, description: 'x'.repeat(262_144) }))).toEqual([
      413,
      'payload_too_large',
    ]);
    expect(await written()).toEqual(before);
  });

  it('is for Admins', async () => {
    const before = await written();
    expect((await create(mug, manager)).json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await create(mug, customer)).json).toMatchObject({ status: 403, code: 'forbidden' });
    const anonymous = await stack.call('POST', '/product', { body: mug });
    expect(anonymous.json).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await written()).toEqual(before);
  });
});

describe('GET /product/{productId}', () => {
  it('shows everyone the product and staff its stock as well', async () => {
    const productId = await aMug();
    const [anonymous, shopper, staff] = await Promise.all([
      read(productId),
      read(productId, '', customer),
      read(productId, '', manager),
    ]);
    expect(anonymous.status).toBe(200);
    expect(anonymous.headers.get('etag')).toMatch(/^"1\./);
    expect(anonymous.headers.get('cache-control')).toBe('public, max-age=10, must-revalidate');
    for (const { json } of [anonymous, shopper]) {
      for (const hidden of [
        'stockCount',
        'availableCount',
        'lowStockThreshold',
        'createdBy',
        'updatedBy',
        'auditLogs',
      ]) {
        expect(json).not.toHaveProperty(hidden);
      }
    }
    expect(staff.json).toMatchObject({ stockCount: 12, availableCount: 12, lowStockThreshold: 5 });
    expect(staff.headers.get('cache-control')).toContain('no-store');
  });

  it('shows the price of the currency and region', async () => {
    const productId = await aMug();
    const price = async (query: string) => (await read(productId, query)).json.price;
    expect(await price('?currency=EUR')).toEqual({ amount: 1899, currency: 'EUR' });
    expect(await price('?currency=EUR&region=PT')).toEqual({ amount: 1699, currency: 'EUR' });
    expect(await price('?region=PT')).toEqual({ amount: 1999, currency: 'USD' });
    expect((await read(productId, '?currency=JPY')).json).toMatchObject({
      status: 422,
      code: 'currency_unsupported',
    });
    expect((await read(productId, '?currency=euro')).json).toMatchObject({
      status: 400,
      code: 'validation_failed',
    });
    expect((await read(productId, '?colour=red')).json).toMatchObject({
      status: 400,
      errors: [{ path: '/query/colour' }],
    });
  });

  it('answers 404 for an unknown id, 401 for a bad token and 405 for a method it has not', async () => {
    expect((await read('01NOTHING')).json).toMatchObject({ status: 404, code: 'not_found' });
    expect((await read(await aMug(), '', 'not.a.token')).json).toMatchObject({
      status: 401,
      code: 'invalid_token',
    });
    const put = await stack.call('PUT', '/product', { token: admin, body: mug });
    expect(put.json).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });
});

describe('a product or a list that is read again', () => {
  const again = (path: string, tag: string | null, token?: string) =>
    stack.call('GET', path, { headers: { 'If-None-Match': tag ?? '' }, ...(token ? { token } : {}) });

  it('is answered 304 without a body while it is the same', async () => {
    const productId = await aMug({ category: 'cached' });
    for (const path of [
      `/product/${productId}`,
      '/product?category=cached',
      `/product/${productId}?currency=EUR`,
    ]) {
      const first = await stack.call('GET', path);
      const tag = first.headers.get('etag');
      for (const sent of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        const second = await again(path, sent);
        expect([second.status, second.text, second.headers.get('etag')]).toEqual([304, '', tag]);
        expect(second.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
        expect(second.headers.get('x-request-id')).toBeTruthy();
      }
      expect((await again(path, '"other"')).status).toBe(200);
    }
  });

  it('is answered anew once its availability, price or text has changed', async () => {
    const productId = await aMug({ category: 'fading', stockCount: 6 });
    const paths = [`/product/${productId}`, '/product?category=fading'];
    const tags = () =>
      Promise.all(paths.map(async (path) => (await stack.call('GET', path)).headers.get('etag')));
    const changes = [
      () => adjust(productId, { delta: -2, reason: 'count' }),
      () => adjust(productId, { delta: -4, reason: 'count' }),
      async () => patch(productId, { name: 'Faded mug' }, (await read(productId)).headers.get('etag') ?? ''),
      () => patch(productId, { prices: [{ amount: 1, currency: 'USD' }] }, '"4"'),
    ];
    for (const change of changes) {
      const before = await tags();
      expect((await change()).status).toBe(200);
      for (const [index, path] of paths.entries()) {
        expect((await again(path, before[index] ?? null)).status).toBe(200);
      }
    }
  });

  it('shows staff their own view under its own tag', async () => {
    const productId = await aMug();
    const shown = (await read(productId)).headers.get('etag');
    expect((await again(`/product/${productId}`, shown, manager)).status).toBe(200);
  });
});

describe('/product/rates', () => {
  const put = (body: object, token: string | undefined = admin) =>
    stack.call('PUT', '/product/rates', { body, ...(token ? { token } : {}) });
  const get = () => stack.call('GET', '/product/rates');

  it('converts prices that are not set, from when the rates take effect, and tells the rates', async () => {
    const productId = await aMug({ category: 'converted', prices: [{ amount: 1999, currency: 'USD' }] });
    expect((await get()).json).toMatchObject({ status: 404, code: 'not_found' });
    expect((await read(productId, '?currency=JPY')).json.code).toBe('currency_unsupported');

    const { status, json } = await put({ rates: { JPY: '150', KWD: '0.307' } });

    expect(status).toBe(200);
    expect(json).toMatchObject({ base: 'USD', rates: { JPY: '150', KWD: '0.307' } });
    expect((await get()).json).toEqual(json);
    expect((await read(productId, '?currency=JPY')).json.price).toEqual({ amount: 2999, currency: 'JPY' });
    expect((await read(productId, '?currency=KWD')).json.price).toEqual({ amount: 6137, currency: 'KWD' });
    expect((await read(productId, '?currency=CHF')).json.code).toBe('currency_unsupported');
    const listed = await stack.call(
      'GET',
      '/product?category=converted&currency=JPY&sort=price&minPrice=2999',
    );
    expect(listed.json.items.map((item: { price: object }) => item.price)).toEqual([
      { amount: 2999, currency: 'JPY' },
    ]);
    const tag = (await read(productId, '?currency=JPY')).headers.get('etag');
    const later = '2099-01-01T00:00:00.000Z';
    expect((await put({ effectiveAt: later, rates: { JPY: '1' } })).json.effectiveAt).toBe(later);
    expect((await read(productId, '?currency=JPY')).headers.get('etag')).toBe(tag);
    expect((await put({ rates: { JPY: '151' } })).status).toBe(200);
    expect((await read(productId, '?currency=JPY')).headers.get('etag')).not.toBe(tag);
    const trail = (await written()).length;
    expect(trail).toBeGreaterThan(0);
  });

  it('is set by Admins, with rates that are decimals of known currencies', async () => {
    expect((await put({ rates: { EUR: '0.9' } }, manager)).json.code).toBe('forbidden');
    const anonymous = await stack.call('PUT', '/product/rates', { body: { rates: { EUR: '0.9' } } });
    expect(anonymous.json.code).toBe('unauthenticated');
    expect((await put({ rates: { EUR: 0.9 } })).json).toMatchObject({ errors: [{ path: '/rates/EUR' }] });
    expect((await put({ rates: { EUR: '0' } })).json).toMatchObject({ errors: [{ path: '/rates/EUR' }] });
    expect((await put({ rates: {} })).json).toMatchObject({ errors: [{ path: '/rates' }] });
    expect((await put({ rates: { XQQ: '1' } })).json).toMatchObject({
      status: 400,
      code: 'validation_failed',
    });
    const past = { rates: { EUR: '0.9' }, effectiveAt: '2020-01-01T00:00:00.000Z' };
    expect((await put(past)).json).toMatchObject({ errors: [{ path: '/effectiveAt' }] });
  });
});

describe('PATCH /product/{productId}', () => {
  it('changes what it names under the tag that was read', async () => {
    const productId = await aMug();
    const { status, json, headers } = await patch(productId, { name: 'Tin mug', imageUrl: null }, '"1"');
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"2"');
    expect(json).toMatchObject({ name: 'Tin mug', category: 'kitchen', stockCount: 12, version: 2 });
    expect(json).not.toHaveProperty('imageUrl');
    expect(json.auditLogs[0]).toMatchObject({ action: 'product.updated', before: { name: 'Enamel mug' } });
    expect((await read(productId)).json).toMatchObject({ name: 'Tin mug', version: 2 });
  });

  it('answers 428 without If-Match and 412 when the tag is old, and changes nothing', async () => {
    const productId = await aMug();
    await patch(productId, { name: 'Tin mug' }, '"1"');
    const before = await written();
    expect((await patch(productId, { name: 'Cup' })).json).toMatchObject({
      status: 428,
      code: 'precondition_required',
    });
    expect((await patch(productId, { name: 'Cup' }, '"1"')).json).toMatchObject({
      status: 412,
      code: 'version_conflict',
    });
    expect((await patch(productId, { stockCount: 1 }, '"2"')).json).toMatchObject({
      status: 400,
      errors: [{ path: '/stockCount' }],
    });
    expect((await patch(productId, { name: 'Cup' }, '"2"', manager)).json).toMatchObject({
      code: 'forbidden',
    });
    expect((await patch('01NOTHING', { name: 'Cup' }, '"2"')).json).toMatchObject({ status: 404 });
    expect(await written()).toEqual(before);
  });
});

describe('DELETE /product/{productId}', () => {
  it('takes the product out of the shop, once', async () => {
    const productId = await aMug({ name: 'Doomed mug' });
    const remove = (token = admin) => stack.call('DELETE', `/product/${productId}`, { token });
    expect((await remove(manager)).status).toBe(403);

    expect((await remove()).status).toBe(204);

    expect((await remove()).json).toMatchObject({ status: 404, code: 'not_found' });
    expect((await read(productId)).status).toBe(404);
    expect((await read(productId, '', admin)).status).toBe(404);
    expect((await stack.call('GET', '/product?q=doomed', {})).json.items).toEqual([]);
  });
});

describe('/product/{productId}/stock', () => {
  it('adds and takes pieces and lists each change, newest first, with the stock after it', async () => {
    const productId = await aMug();
    expect((await adjust(productId, { delta: 8, reason: 'delivery' })).json).toMatchObject({
      stockCount: 20,
      version: 2,
    });
    expect((await adjust(productId, { delta: -5, reason: 'broken' }, admin)).status).toBe(200);

    const { status, json } = await ledger(productId);

    expect(status).toBe(200);
    expect(json.items).toMatchObject([
      { delta: -5, reason: 'broken', stockCount: 15 },
      { delta: 8, reason: 'delivery', stockCount: 20 },
      { delta: 12, reason: 'initial stock', stockCount: 12 },
    ]);
    expect(Object.keys(json.items[0]).sort()).toEqual(['actor', 'at', 'delta', 'reason', 'stockCount']);
    expect(typeof json.items[0].actor).toBe('string');
    const first = (await ledger(productId, '?limit=1')).json;
    const second = (await ledger(productId, `?limit=1&cursor=${first.nextCursor}`)).json;
    expect(second.items).toEqual([json.items[1]]);
  });

  it('answers 409 when more would go than there is, and writes nothing on that or on bad input', async () => {
    const productId = await aMug();
    const before = await written();
    expect((await adjust(productId, { delta: -13, reason: 'thieves' })).json).toMatchObject({
      status: 409,
      code: 'insufficient_stock',
    });
    expect((await adjust(productId, { delta: 0, reason: 'nothing' })).json).toMatchObject({
      errors: [{ path: '/delta' }],
    });
    expect((await adjust(productId, { delta: 1 })).json).toMatchObject({ errors: [{ path: '/reason' }] });
    expect((await adjust('01NOTHING', { delta: 1, reason: 'x' })).status).toBe(404);
    expect((await adjust(productId, { delta: 1, reason: 'x' }, customer)).json).toMatchObject({
      code: 'forbidden',
    });
    expect((await ledger(productId, '', customer)).json).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await ledger('01NOTHING')).status).toBe(404);
    expect(await written()).toEqual(before);
  });

  it('shows low and empty stock as such', async () => {
    const productId = await aMug({ stockCount: 6, lowStockThreshold: 2 });
    const availability = async () => (await read(productId)).json.availability;
    expect(await availability()).toBe('in_stock');
    await adjust(productId, { delta: -4, reason: 'count' });
    expect(await availability()).toBe('low_stock');
    await adjust(productId, { delta: -2, reason: 'count' });
    expect(await availability()).toBe('out_of_stock');
  });
});

describe('GET /product', () => {
  const list = async (query: string, token?: string) =>
    stack.call('GET', `/product${query}`, token === undefined ? {} : { token });

  beforeAll(async () => {
    for (let n = 1; n <= 25; n += 1) {
      const prices = [{ amount: ((n * 7) % 25) * 100, currency: 'USD' }];
      const name = `Lamp ${String.fromCharCode(64 + n)}`;
      await create({ name, category: 'lighting', prices, stockCount: n % 5 === 0 ? 0 : 9 });
    }
  });

  it('pages through all that match, each once, in the order asked for', async () => {
    for (const sort of ['name', 'price', '-price', 'newest']) {
      const names: string[] = [];
      let cursor = '';
      do {
        const { status, json } = await list(
          `?category=lighting&limit=10&sort=${sort}${cursor && `&cursor=${cursor}`}`,
        );
        expect(status).toBe(200);
        names.push(...json.items.map((item: { name: string }) => item.name));
        cursor = json.nextCursor ?? '';
      } while (cursor !== '');
      expect(names).toHaveLength(25);
      expect(new Set(names).size).toBe(25);
      if (sort === 'name') expect(names).toEqual([...names].sort());
      if (sort === 'newest') expect(names).toEqual([...names].sort().reverse());
    }
  });

  it('filters by words, stock and price', async () => {
    const count = async (query: string) => (await list(`?limit=100&${query}`)).json.items.length;
    expect(await count('q=LAMP')).toBe(25);
    expect(await count('q=lamp%20lighting&inStock=true')).toBe(20);
    expect(await count('category=lighting&inStock=false')).toBe(5);
    expect(await count('category=lighting&minPrice=500&maxPrice=900')).toBe(5);
    expect(await count('category=lighting&currency=EUR')).toBe(0);
    expect(await count('q=nothing-of-the-kind')).toBe(0);
    expect(await count('q=lighting%20la')).toBe(25);
    expect(await count('q=LAM')).toBe(25);
    expect(await count('q=lamp%20z')).toBe(0);
    expect(await count('q=!!')).toBe(0);
  });

  it('shows stock to staff alone', async () => {
    expect((await list('?limit=1')).json.items[0]).not.toHaveProperty('stockCount');
    expect((await list('?limit=1', manager)).json.items[0]).toHaveProperty('stockCount');
  });

  it.each([
    'limit=0',
    'limit=101',
    'sort=colour',
    'cursor=abc',
    'minPrice=-1',
    'minPrice=1.5',
    'inStock=maybe',
    'currency=ZZZ',
    'page=2',
  ])('answers 400 for %s and names the parameter', async (parameter) => {
    const { json } = await list(`?${parameter}`);
    expect(json).toMatchObject({
      status: 400,
      code: 'validation_failed',
      errors: [{ path: `/query/${parameter.split('=')[0]}` }],
    });
  });
});
