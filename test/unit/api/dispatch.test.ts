import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { requireOwnership } from '../../../shared/api/authorize.ts';
import { createApiHandler } from '../../../shared/api/dispatch.ts';
import { Problem } from '../../../shared/api/problem.ts';
import type { ApiRequest, RouteTable } from '../../../shared/api/route.ts';
import { DependencyUnavailableError, TransientError } from '../../../shared/errors.ts';
import { logger } from '../../../shared/observability/logger.ts';
import { aUser } from '../../support/builders/user.ts';
import { type EventParts, farFuture, gatewayEvent } from '../../support/gateway-event.ts';
import { memoryApiPorts } from '../../support/memory-api.ts';

const throttle = { rate: 1, burst: 1 };
const answer = z.object({ shown: z.string() });

const table = {
  getThing: {
    domain: 'product',
    method: 'GET',
    path: '/thing',
    summary: 'Read',
    allow: ['anyone'],
    query: z.strictObject({ q: z.string().optional(), limit: z.coerce.number().int().optional() }),
    success: { status: 200, body: answer, csv: true },
    throttle,
  },
  postThing: {
    domain: 'product',
    method: 'POST',
    path: '/thing',
    summary: 'Write',
    allow: ['anyone'],
    body: z.strictObject({ name: z.string().optional(), 'a/b~c': z.array(z.int()).optional() }),
    success: { status: 201, body: answer },
    throttle,
  },
  orderThing: {
    domain: 'product',
    method: 'POST',
    path: '/thing/order',
    summary: 'Write once',
    allow: ['Customer'],
    body: z.strictObject({ name: z.string() }),
    idempotencyKey: true,
    success: { status: 202, body: answer },
    throttle,
  },
  patchThing: {
    domain: 'product',
    method: 'PATCH',
    path: '/thing/{userId}',
    summary: 'Change',
    allow: ['self', 'Admin'],
    params: z.strictObject({ userId: z.string().min(1) }),
    body: z.strictObject({ name: z.string() }),
    ifMatch: true,
    success: { status: 200, body: answer },
    throttle,
  },
  deleteThing: {
    domain: 'product',
    method: 'DELETE',
    path: '/thing/{userId}',
    summary: 'Remove',
    allow: ['Admin'],
    params: z.strictObject({ userId: z.string().min(1) }),
    success: { status: 204 },
    throttle,
  },
  askThing: {
    domain: 'product',
    method: 'POST',
    path: '/thing/ask',
    summary: 'Ask',
    allow: ['anyone'],
    successLine: 'nothing',
    success: { status: 200, body: answer },
    throttle,
  },
  guessThing: {
    domain: 'product',
    method: 'POST',
    path: '/thing/guess',
    summary: 'Guess',
    allow: ['anyone'],
    optionalToken: true,
    success: { status: 202 },
    throttle: { ...throttle, perAddressPerMinute: 2 },
  },
} as const satisfies RouteTable;

const ann = aUser({ userId: 'ann' });
const admin = aUser({ userId: 'ada', role: 'Admin' });
type Outcome = { body: never; headers?: Record<string, string> };
type UseCase = (request: ApiRequest) => unknown;

let useCase: UseCase;
let seen: ApiRequest[];
let world: ReturnType<typeof memoryApiPorts>;
let builds: number;
let buildFault: Error | undefined;
let verifyToken: ((header: string) => Promise<never>) | undefined;

function handlerOf() {
  const run = async (request: unknown) => {
    seen.push(request as ApiRequest);
    return (await useCase(request as ApiRequest)) as Outcome;
  };
  return createApiHandler(table, () => {
    builds += 1;
    if (buildFault) throw buildFault;
    const operations = Object.fromEntries(Object.keys(table).map((name) => [name, run]));
    return {
      operations: operations as never,
      ports: { ...world.ports, ...(verifyToken ? { verifyToken } : {}) },
    };
  });
}

async function call(parts: EventParts = {}, handler = handlerOf()) {
  const response = await handler(gatewayEvent(parts));
  return { ...response, json: response.body === '' ? undefined : JSON.parse(response.body) };
}
const post = (parts: EventParts) => call({ method: 'POST', ...parts });

afterEach(() => vi.unstubAllEnvs());

beforeEach(() => {
  useCase = () => ({ body: { shown: 'yes' } });
  seen = [];
  world = memoryApiPorts(ann, admin);
  builds = 0;
  buildFault = undefined;
  verifyToken = undefined;
});

describe('an answer', () => {
  test('carries the request id and is neither cached nor sniffed', async () => {
    expect(await call()).toMatchObject({
      statusCode: 200,
      headers: {
        'X-Request-Id': 'request-1',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Content-Type': 'application/json; charset=utf-8',
      },
    });
  });

  test('has the fields of the route’s schema and no others', async () => {
    useCase = () => ({ body: { shown: 'yes', password: 'hidden', nested: { token: 'hidden' } } });
    expect((await call()).body).toBe('{"shown":"yes"}');
  });

  test('that breaks the route’s own schema is a fault of ours, and nothing of it leaves', async () => {
    useCase = () => ({ body: { shown: 42, secret: 'hidden' } });
    const response = await call();
    expect(response.json.code).toBe('internal');
    expect(response.body).not.toContain('hidden');
  });

  test('of a route without a body is empty and has no content type', async () => {
    const response = await call({
      method: 'DELETE',
      resource: '/thing/{userId}',
      params: { userId: 'ann' },
      as: admin,
    });
    expect(response).toMatchObject({ statusCode: 204, body: '' });
    expect(response.headers).not.toHaveProperty('Content-Type');
  });

  test.each([
    [undefined, 'Origin'],
    ['Authorization', 'Authorization, Origin'],
    ['Accept', 'Accept, Origin'],
  ])('that varies by %s also varies by origin where pages may call', async (own, expected) => {
    vi.stubEnv('CORS_ALLOWED_ORIGINS', 'https://shop.example.com');
    useCase = () => ({ body: { shown: 'yes' }, headers: own === undefined ? {} : { Vary: own } });
    const { headers } = await call({ headers: { Origin: 'https://shop.example.com' } });
    expect(headers).toMatchObject({
      Vary: expected,
      'Access-Control-Allow-Origin': 'https://shop.example.com',
    });
  });

  test('varies by what the use case says and nothing more where no page may call', async () => {
    useCase = () => ({ body: { shown: 'yes' }, headers: { Vary: 'Accept' } });
    expect((await call()).headers.Vary).toBe('Accept');
  });

  test('takes the use case’s headers along', async () => {
    useCase = () => ({ body: { shown: 'yes' }, headers: { ETag: '"3"' } });
    expect((await call()).headers).toMatchObject({ ETag: '"3"', 'X-Request-Id': 'request-1' });
  });
});

describe('the log of a request', () => {
  afterEach(() => vi.restoreAllMocks());
  const orderId = '01KJMH4G00RDERAAAAAAAAAAAA';
  const lineOf = async (parts: EventParts) => {
    const info = vi.spyOn(logger, 'info').mockReturnValue(undefined);
    await call(parts);
    return info.mock.calls;
  };

  test('has one line for what was changed, with the order that the path names', async () => {
    const lines = await lineOf({ method: 'POST', params: { orderId } });
    const about = { requestId: 'request-1', operation: 'postThing', orderId, status: 201 };
    expect(lines).toEqual([['request done', about]]);
  });

  test.each<[string, EventParts]>([
    ['was read', {}],
    ['was asked by POST', { method: 'POST', resource: '/thing/ask' }],
  ])('has none for what %s', async (_how, parts) => {
    expect(await lineOf(parts)).toEqual([]);
  });

  test('has no success of what was refused', async () => {
    const parts = { method: 'DELETE', resource: '/thing/{userId}', params: { userId: 'ann' }, as: ann };
    expect(await lineOf(parts)).toEqual([['request refused', { code: 'forbidden' }]]);
  });

  test("ties Lambda's own id of the invocation to the request's", async () => {
    const keys = vi.spyOn(logger, 'appendKeys');
    await handlerOf()(gatewayEvent(), { awsRequestId: 'lambda-1' });
    expect(keys).toHaveBeenCalledWith(
      expect.objectContaining({ requestId: 'request-1', lambdaRequestId: 'lambda-1' }),
    );
  });
});

describe('a failure', () => {
  const failWith = async (error: unknown) => {
    useCase = () => {
      throw error;
    };
    return call();
  };

  test('that nobody foresaw is an opaque 500', async () => {
    const response = await failWith(new Error('connect to 10.0.0.3 with password hunter2'));
    expect(response).toMatchObject({ statusCode: 500, json: { code: 'internal', requestId: 'request-1' } });
    expect(response.body).not.toContain('hunter2');
    expect(response.body).not.toContain('stack');
  });

  test.each([['a string'], [undefined], [null], [{ code: 'not_found' }], [42]])(
    'thrown as %j is an opaque 500 too',
    async (thrown) => {
      const response = await failWith(thrown);
      expect(response.json).toMatchObject({ status: 500, code: 'internal' });
      expect(response.body).not.toContain('a string');
    },
  );

  test('of the kind Problem is its RFC 9457 document', async () => {
    const errors = [{ path: '/name', message: 'is taken' }];
    const response = await failWith(
      new Problem('mfa_required', 'Send the code.', {
        errors,
        extension: { challengeId: 'c-1' },
        headers: { 'X-Extra': '1' },
        cause: new Error('hidden'),
      }),
    );
    expect(response).toMatchObject({
      statusCode: 403,
      headers: { 'Content-Type': 'application/problem+json', 'X-Extra': '1', 'X-Request-Id': 'request-1' },
    });
    expect(response.json).toEqual({
      type: 'https://docs.storefront.dev/problems/mfa_required',
      title: 'A second factor is required',
      status: 403,
      detail: 'Send the code.',
      code: 'mfa_required',
      requestId: 'request-1',
      errors,
      challengeId: 'c-1',
    });
  });

  test('says when to come back, if the problem knows', async () => {
    const locked = await failWith(new Problem('account_locked', 'Wait.', { retryAfterSeconds: 90 }));
    expect(locked).toMatchObject({ statusCode: 423, headers: { 'Retry-After': '90' } });
    expect((await failWith(new Problem('not_found', 'No.'))).headers).not.toHaveProperty('Retry-After');
  });

  test.each([
    new TransientError('the table prod-orders is throttled'),
    new DependencyUnavailableError('Auth0'),
  ])('of the kind $name is 503 with Retry-After and without the details', async (error) => {
    const response = await failWith(error);
    expect(response).toMatchObject({
      statusCode: 503,
      headers: { 'Retry-After': '2' },
      json: { code: 'dependency_unavailable' },
    });
    expect(response.body).not.toContain(error.message);
  });
});

describe('the handler', () => {
  test('is built once for all calls', async () => {
    const handler = handlerOf();
    await call({}, handler);
    await call({}, handler);
    expect(builds).toBe(1);
  });

  test('that could not be built answers 500 and is built again at the next call', async () => {
    const handler = handlerOf();
    buildFault = new Error('USERS_TABLE is missing');
    const failed = await call({}, handler);
    expect(failed.json.code).toBe('internal');
    expect(failed.body).not.toContain('USERS_TABLE');
    buildFault = undefined;
    expect((await call({}, handler)).statusCode).toBe(200);
    expect(builds).toBe(2);
  });

  test.each([
    ['GET', '/nothing'],
    ['PUT', '/thing'],
    ['constructor', '__proto__'],
  ])('answers not_found for %s %s, which it has no route for', async (method, resource) => {
    expect((await call({ method, resource })).json.code).toBe('not_found');
    expect(builds).toBe(0);
  });
});

describe('the query', () => {
  test('is handed over by the schema', async () => {
    await call({ query: { limit: ['5'], q: ['mug'] } });
    expect(seen[0]?.query).toEqual({ limit: 5, q: 'mug' });
  });

  test('with a parameter that the route does not know is refused by its name', async () => {
    const { json } = await call({ query: { colour: ['red'] } });
    expect(json).toMatchObject({ code: 'validation_failed', errors: [{ path: '/query/colour' }] });
  });

  test('of a route without parameters must be empty', async () => {
    const { json } = await post({ query: { q: ['1'] }, body: {} });
    expect(json).toMatchObject({ code: 'validation_failed', errors: [{ path: '/query/q' }] });
  });

  test('that repeats a parameter is refused', async () => {
    const { json } = await call({ query: { q: ['a', 'b'] } });
    expect(json.errors).toEqual([{ path: '/query/q', message: 'may be given once' }]);
  });
});

describe('the body', () => {
  const limit = 256 * 1024;
  const ofBytes = (bytes: number) => JSON.stringify({ name: 'x'.repeat(bytes - '{"name":""}'.length) });

  test('may have 256 KB and not a byte more', async () => {
    expect((await post({ text: ofBytes(limit) })).statusCode).toBe(201);
    expect((await post({ text: ofBytes(limit + 1) })).json).toMatchObject({
      status: 413,
      code: 'payload_too_large',
    });
    expect(seen).toHaveLength(1);
  });

  test('is measured in bytes, not in characters, and as it is once decoded', async () => {
    const name = 'ü'.repeat(limit / 2);
    expect((await post({ body: { name } })).json.code).toBe('payload_too_large');
    const text = Buffer.from(ofBytes(limit)).toString('base64');
    expect((await post({ text, isBase64Encoded: true })).statusCode).toBe(201);
  });

  test('may come in base64', async () => {
    const text = Buffer.from('{"name":"süß"}').toString('base64');
    expect((await post({ text, isBase64Encoded: true })).statusCode).toBe(201);
    expect(seen[0]?.body).toEqual({ name: 'süß' });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'of the type %j is not supported',
    async (type) => {
      const response = await post({ body: { name: 'x' }, headers: { 'Content-Type': type } });
      expect(response.json).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    },
  );

  test.each(['application/json', 'Application/JSON; charset=utf-8'])(
    'of the type %s is read',
    async (type) => {
      const headers = { 'content-type': type, 'Content-Type': type };
      expect((await post({ body: { name: 'x' }, headers })).statusCode).toBe(201);
    },
  );

  test.each(['{', '{"name":}', "{'name':'x'}", 'name=x', '\u0000'])('%j is malformed', async (text) => {
    expect((await post({ text })).json).toMatchObject({ status: 400, code: 'malformed_json' });
  });

  test.each(['null', '[]', '"text"', '1'])('%s is JSON but no object', async (text) => {
    expect((await post({ text })).json).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('may be left out where every field is optional, and nowhere else', async () => {
    expect((await post({})).statusCode).toBe(201);
    const parts = { resource: '/thing/order', headers: { 'Idempotency-Key': 'k' }, as: ann };
    expect((await post(parts)).json.code).toBe('malformed_json');
  });

  test('names every wrong field by its JSON pointer', async () => {
    const { json } = await post({ body: { name: 1, 'a/b~c': [1, 'two'], extra: true } });
    expect(json.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
      '/a~1b~0c/1',
      '/extra',
      '/name',
    ]);
  });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'with the key %s is refused as an unknown field, and pollutes nothing',
    async (key) => {
      const response = await post({ text: `{"name":"x","${key}":{"polluted":true}}` });
      expect(response.json).toMatchObject({
        code: 'validation_failed',
        errors: [{ path: `/${key}`, message: 'is not a known field' }],
      });
      expect(seen).toEqual([]);
      expect({}).not.toHaveProperty('polluted');
    },
  );
});

describe('a required header', () => {
  const order = (headers: Record<string, string>) =>
    post({ resource: '/thing/order', as: ann, body: { name: 'x' }, headers });
  const patch = (headers: Record<string, string>) =>
    call({
      method: 'PATCH',
      resource: '/thing/{userId}',
      params: { userId: 'me' },
      as: ann,
      body: { name: 'x' },
      headers,
    });

  test('Idempotency-Key is asked for, whatever its case', async () => {
    expect((await order({})).json).toMatchObject({ status: 400, code: 'idempotency_key_required' });
    expect((await order({ 'Idempotency-Key': '  ' })).json.code).toBe('idempotency_key_required');
    expect((await order({ 'IDEMPOTENCY-KEY': ' key-1 ' })).statusCode).toBe(202);
    expect(seen[0]?.idempotencyKey).toBe('key-1');
  });

  test('Idempotency-Key has 255 characters at most', async () => {
    expect((await order({ 'Idempotency-Key': 'k'.repeat(255) })).statusCode).toBe(202);
    expect((await order({ 'Idempotency-Key': 'k'.repeat(256) })).json).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: '/header/idempotency-key' }],
    });
  });

  test('If-Match is asked for', async () => {
    expect((await patch({})).json).toMatchObject({ status: 428, code: 'precondition_required' });
    expect((await patch({ 'if-match': '"7"' })).statusCode).toBe(200);
    expect(seen[0]?.ifMatch).toBe('"7"');
  });
});

describe('the caller', () => {
  const read = (userId: string, parts: EventParts = {}) =>
    call({
      method: 'PATCH',
      resource: '/thing/{userId}',
      params: { userId },
      headers: { 'If-Match': '"1"' },
      body: { name: 'x' },
      ...parts,
    });

  test('is meant by me wherever {userId} stands', async () => {
    expect((await read('me', { as: ann })).statusCode).toBe(200);
    expect(seen[0]).toMatchObject({ params: { userId: 'ann' }, principal: { userId: 'ann', scope: 'own' } });
  });

  test('without a token is unauthenticated', async () => {
    expect((await read('me')).json).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  test.each<Record<string, unknown>>([
    { userId: 'ann', role: 'Customer' },
    { userId: '', role: 'Customer', tokenExpiresAt: farFuture },
    { userId: 'ann', role: 'Customer', tokenExpiresAt: 'soon' },
    {},
  ])('whose authorizer context is %j is unauthenticated', async (authorizer) => {
    expect((await read('ann', { authorizer })).json.code).toBe('unauthenticated');
  });

  test('is refused before the body is looked at', async () => {
    expect((await read('ann', { text: 'not json' })).json.code).toBe('unauthenticated');
  });

  test('that is refused is audited with where they called from; what was right is not', async () => {
    await read('ada', { as: ann });
    await read('ann', { as: ann });
    expect(world.entries).toMatchObject([
      {
        action: 'access.denied',
        reason: 'not_found',
        // The route's trail of this day.
        entity: { type: 'route', id: 'PATCH /thing/{userId}#2026-03-01' },
        actor: { id: 'ann', role: 'Customer' },
        where: { ip: '203.0.113.7', device: 'test' },
        requestId: 'request-1',
      },
    ]);
  });

  test('that asks for what is another’s is audited by the use case’s own check, and what is not there is not', async () => {
    useCase = ({ principal }) => principal && requireOwnership(principal, 'somebody-else', 'order');
    expect((await read('me', { as: ann })).json.code).toBe('not_found');
    useCase = () => Promise.reject(new Problem('not_found', 'There is no such order.'));
    expect((await read('me', { as: ann })).json.code).toBe('not_found');
    expect(world.entries).toMatchObject([
      { action: 'access.denied', reason: 'not_found', actor: { id: 'ann' } },
    ]);
  });

  test('of an open route with a good optional token is known', async () => {
    verifyToken = async () =>
      ({ userId: 'ann', role: 'Customer', tokenExpiresAt: Number(farFuture) }) as never;
    await post({ resource: '/thing/guess', headers: { authorization: 'Bearer x' } });
    expect(seen[0]?.principal?.userId).toBe('ann');
  });

  test('of an open route without a token is nobody, and with a bad one refused', async () => {
    verifyToken = async () => undefined as never;
    await post({ resource: '/thing/guess' });
    expect(seen[0]?.principal).toBeUndefined();
    const bad = await post({ resource: '/thing/guess', headers: { authorization: 'Bearer x' } });
    expect(bad.json).toMatchObject({ status: 401, code: 'invalid_token' });
  });

  test('of an open route that reads no token may send whatever it likes as one', async () => {
    verifyToken = async () => undefined as never;
    expect((await call({ headers: { Authorization: 'Bearer nonsense' } })).statusCode).toBe(200);
  });
});

describe('what the use case is told of the client', () => {
  test('comes from the gateway and not from headers that a client can write', async () => {
    await call({
      ip: '198.51.100.1',
      headers: { 'X-Forwarded-For': '10.9.9.9', Accept: 'application/json;q=0.1, Text/CSV;q=1' },
    });
    expect(seen[0]).toMatchObject({
      client: { ip: '198.51.100.1', region: 'unknown', userAgent: 'test' },
      accept: 'text/csv',
      requestId: 'request-1',
    });
  });
});

describe('a route that counts its callers', () => {
  test('lets an address through as often as it says in a minute, and others meanwhile', async () => {
    const guess = (ip: string) => post({ resource: '/thing/guess', ip });
    expect((await guess('198.51.100.1')).statusCode).toBe(202);
    expect((await guess('198.51.100.1')).statusCode).toBe(202);
    const third = await guess('198.51.100.1');
    expect(third.json).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(Number(third.headers['Retry-After'])).toBeGreaterThan(0);
    expect((await guess('198.51.100.2')).statusCode).toBe(202);
    world.effects.advance(60_000);
    expect((await guess('198.51.100.1')).statusCode).toBe(202);
  });

  test('takes an IPv6 network for one caller, as its owner has all the addresses in it', async () => {
    const guess = async (ip: string) => (await post({ resource: '/thing/guess', ip })).statusCode;
    expect(await guess('2001:db8:1:2::1')).toBe(202);
    expect(await guess('2001:db8:1:2:ffff::9')).toBe(202);
    expect(await guess('2001:db8:1:2:a:b:c:d')).toBe(429);
    expect(await guess('2001:db8:1:3::1')).toBe(202);
  });
});
