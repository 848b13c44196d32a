import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../../local/gateway/gateway.ts';
import type { InvocationResult } from '../../../local/lambda/protocol.ts';
import type { ApiModel, AuthorizerModel, MethodModel } from '../../../local/template/api-model.ts';

const authorizer: AuthorizerModel = {
  id: 'auth',
  functionArn: 'authorizer',
  identityHeaders: ['authorization'],
  cacheSeconds: 300,
};
const method = (httpMethod: string, path: string, more: Partial<MethodModel> = {}): MethodModel => ({
  httpMethod,
  path,
  resourceId: path,
  integration: { kind: 'lambda', functionArn: `${httpMethod} ${path}`, timeoutMs: 100 },
  ...more,
});
const api: ApiModel = {
  apiId: 'api',
  stage: 'dev',
  methods: [
    method('GET', '/order/{orderId}'),
    method('GET', '/order/report'),
    method('GET', '/me', { authorizer }),
    method('POST', '/order'),
    method('OPTIONS', '/order', {
      integration: {
        kind: 'mock',
        responses: [
          {
            statusCode: 204,
            headers: { Vary: "'Origin'" },
            template: [
              '#set($origin = $input.params().header.get("Origin"))',
              '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
              '#if($origin == "https://shop.example")#set($context.responseOverride.header.X-Origin = $origin)#end',
            ].join('\n'),
          },
        ],
      },
    }),
    method('ANY', '/order', {
      integration: {
        kind: 'mock',
        responses: [
          {
            statusCode: 405,
            headers: { Allow: "'POST'" },
            template:
              '#set($context.responseOverride.header.X-Request-Id = $context.requestId)\n{"id":"$context.requestId"}',
          },
        ],
      },
    }),
  ],
  gatewayResponses: [
    {
      type: 'MISSING_AUTHENTICATION_TOKEN',
      statusCode: 404,
      headers: { 'Content-Type': "'application/problem+json'", 'X-Request-Id': 'context.requestId' },
      templates: { 'application/json': '{"code":"not_found","requestId":"$context.requestId"}' },
    },
    {
      type: 'DEFAULT_5XX',
      statusCode: 500,
      headers: {},
      templates: { 'application/json': '{"code":"internal"}' },
    },
  ],
  throttles: [
    { httpMethod: '*', path: '/*', rate: 100, burst: 100 },
    { httpMethod: 'GET', path: '/order/report', rate: 1, burst: 2 },
  ],
};

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Serves the API over HTTP; Lambdas answer with the event they got unless told otherwise. */
async function serve(
  invoke: (arn: string, event: unknown) => unknown = (_, event) => ({
    statusCode: 200,
    body: JSON.stringify(event),
  }),
) {
  const calls: string[] = [];
  let time = 0;
  const gateway = createGateway(
    api,
    async (arn, event): Promise<InvocationResult> => {
      calls.push(arn);
      const payload = await invoke(arn, event);
      if (payload instanceof Error)
        return { ok: false, error: { errorType: payload.name, errorMessage: payload.message } };
      return { ok: true, payload };
    },
    () => time,
  );
  const server = createServer(async (request, response) => {
    const { statusCode, headers, body } = await gateway(request);
    response
      .writeHead(
        statusCode,
        Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      )
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const { port } = server.address() as { port: number };
  const call = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text ? JSON.parse(text) : undefined };
  };
  return { call, calls, passMs: (ms: number) => (time += ms) };
}

const policy = (Effect: string) => ({
  principalId: 'p',
  policyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect,
        Action: 'execute-api:Invoke',
        Resource: 'arn:aws:execute-api:us-east-1:000000000000:api/dev/*',
      },
    ],
  },
  context: { userId: 'u1', tokenExpiresAt: 17 },
});

describe('the proxy event', () => {
  it('carries resource, decoded path parameters, query, headers, body and the client', async () => {
    const { call } = await serve();
    const { json } = await call('/order/a%2Fb%20c?x=1&x=2&y=', {
      headers: { 'X-Forwarded-For': '203.0.113.7, 10.0.0.1', 'User-Agent': 'test' },
    });
    expect(json).toMatchObject({
      resource: '/order/{orderId}',
      httpMethod: 'GET',
      pathParameters: { orderId: 'a/b c' },
      queryStringParameters: { x: '2', y: '' },
      multiValueQueryStringParameters: { x: ['1', '2'], y: [''] },
      body: null,
      isBase64Encoded: false,
      requestContext: { stage: 'dev', identity: { sourceIp: '203.0.113.7', userAgent: 'test' } },
    });
    expect((await call('/order', { method: 'POST', body: '{"ü":1}' })).json.body).toBe('{"ü":1}');
  });

  it('lets a literal segment win over a parameter', async () => {
    const { call, calls } = await serve();
    await call('/order/report');
    expect(calls).toEqual(['GET /order/report']);
  });
});

describe('the gateway itself', () => {
  it('answers unknown paths with its own response, the request id in body and header', async () => {
    const { call } = await serve();
    for (const path of ['/nothing', '/order/', '/order/a/b']) {
      const { status, headers, json } = await call(path);
      expect(status, path).toBe(404);
      expect(headers.get('content-type')).toBe('application/problem+json');
      expect(json).toEqual({ code: 'not_found', requestId: headers.get('x-request-id') });
    }
  });

  it('answers a mock for every other method of a resource', async () => {
    const { call, calls } = await serve();
    const { status, headers, json } = await call('/order', { method: 'DELETE' });
    expect({ status, allow: headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
    expect(json.id).toBe(headers.get('x-request-id'));
    expect(calls).toEqual([]);
  });

  it.each([
    ['Origin', 'https://shop.example', 'https://shop.example'],
    ['origin', 'https://shop.example', 'https://shop.example'],
    ['Origin', 'https://other.example', null],
    ['X-Other', 'https://shop.example', null],
  ])('lets the template of a mock look at the request: %s: %s', async (name, value, expected) => {
    const { call } = await serve();
    const { status, headers, json } = await call('/order', { method: 'OPTIONS', headers: { [name]: value } });
    expect({ status, json }).toEqual({ status: 204, json: undefined });
    expect(headers.get('x-origin')).toBe(expected);
    expect(headers.get('vary')).toBe('Origin');
  });

  it('throttles by the method’s own bucket and refills it', async () => {
    const { call, passMs } = await serve();
    const statuses = [await call('/order/report'), await call('/order/report'), await call('/order/report')];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect((await call('/order/x')).status).toBe(200);
    passMs(1000);
    expect((await call('/order/report')).status).toBe(200);
  });

  it('refuses a body beyond 10 MB', async () => {
    const { call, calls } = await serve();
    const body = 'x'.repeat(10 * 1024 * 1024 + 1);
    expect((await call('/order', { method: 'POST', body })).status).toBe(413);
    expect(calls).toEqual([]);
  });

  it('refuses a malformed percent escape', async () => {
    const { call } = await serve();
    expect((await call('/order/%zz')).status).toBe(400);
  });

  it('hides what a Lambda does wrong behind its 500', async () => {
    for (const wrong of [
      new Error('secret'),
      { body: 'no status' },
      { statusCode: 200, body: { not: 'text' } },
      null,
    ]) {
      const { call } = await serve(() => wrong);
      expect(await call('/order/x')).toMatchObject({ status: 500, json: { code: 'internal' } });
    }
  });

  it('gives up on a Lambda at the integration’s time-out', async () => {
    const { call } = await serve(() => new Promise(() => undefined));
    expect((await call('/order/x')).status).toBe(500);
  });
});

describe('the authorizer', () => {
  const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } });

  it('passes its context on as strings, and is asked once for each token', async () => {
    const { call, calls, passMs } = await serve((arn, event) =>
      arn === 'authorizer' ? policy('Allow') : { statusCode: 200, body: JSON.stringify(event) },
    );
    const { json } = await call('/me', bearer('a'));
    expect(json.requestContext.authorizer).toEqual({ principalId: 'p', userId: 'u1', tokenExpiresAt: '17' });
    await call('/me', bearer('a'));
    await call('/me', bearer('b'));
    expect(calls.filter((arn) => arn === 'authorizer')).toHaveLength(2);
    passMs(300_001);
    await call('/me', bearer('a'));
    expect(calls.filter((arn) => arn === 'authorizer')).toHaveLength(3);
  });

  it('is not asked without a token', async () => {
    const { call, calls } = await serve();
    expect((await call('/me')).status).toBe(401);
    expect(calls).toEqual([]);
  });

  it('turns Deny, a thrown Unauthorized, a fault and nonsense into the gateway’s own answers', async () => {
    const statusFor = async (answer: unknown) =>
      (await (await serve(() => answer)).call('/me', bearer('x'))).status;
    expect(await statusFor(policy('Deny'))).toBe(403);
    expect(await statusFor(new Error('Unauthorized'))).toBe(401);
    expect(await statusFor(new Error('no keys'))).toBe(500);
    expect(await statusFor({ ok: true })).toBe(500);
  });
});
