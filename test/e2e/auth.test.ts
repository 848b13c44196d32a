import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testSigner } from '../support/auth0-double.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

let stack: LocalStack;
let token: string;

beforeAll(async () => {
  stack = await startLocalStack({ seed: false });
  token = await stack.loginAs('customer');
});
afterAll(() => stack?.stop());

const me = (options: { token?: string; headers?: Record<string, string> }) =>
  stack.call('GET', '/user/me', options);
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('a route that wants a token', () => {
  it('serves a good one, every route of the stage alike', async () => {
    expect((await me({ token })).status).toBe(200);
    const patch = { token, body: { profileCompletionPrompted: true } };
    expect((await stack.call('PATCH', '/user/me', patch)).status).toBe(200);
  });

  it('answers 401 unauthenticated without one', async () => {
    const response = await me({});
    expect(response.json).toMatchObject({
      status: 401,
      code: 'unauthenticated',
      requestId: response.headers.get('x-request-id'),
    });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  it('answers 401 invalid_token for whatever is not a token of ours', async () => {
    const [header, payload, signature] = token.split('.');
    const claims = decode(payload);
    const foreign = await testSigner(decode(header).kid);
    const forged: Record<string, string> = {
      nonsense: 'a.b.c',
      'no signature': `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`,
      'a changed role': `${header}.${encode({ ...claims, 'https://storefront.dev/role': 'Admin' })}.${signature}`,
      'a changed user': `${header}.${encode({ ...claims, sub: 'auth0|somebody' })}.${signature}`,
      'a foreign key under our key id': await foreign.sign(claims),
    };
    for (const [name, bad] of Object.entries(forged)) {
      expect((await me({ token: bad })).json, name).toMatchObject({ status: 401, code: 'invalid_token' });
      // The second answer comes from the gateway's cache.
      expect((await me({ token: bad })).json, name).toMatchObject({ status: 401, code: 'invalid_token' });
    }
  });

  it('takes no other scheme', async () => {
    const response = await me({ headers: { authorization: 'Basic YWRtaW46YWRtaW4=' } });
    expect(response.json).toMatchObject({ status: 401, code: 'invalid_token' });
  });
});

describe('the limits per address', () => {
  it('let 100 requests a minute through and no more, each address for itself', async () => {
    // A minute's window may end while the test runs; then a new one starts at zero.
    const ask = (ip: string) => stack.call('POST', '/user/exists', { body: { username: 'nobody' }, ip });
    let limited: Awaited<ReturnType<typeof ask>> | undefined;
    for (let count = 0; count < 210 && !limited; count += 1) {
      const response = await ask('198.51.100.77');
      if (response.status === 429) limited = response;
    }
    expect(limited?.json).toMatchObject({ code: 'rate_limited' });
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask('198.51.100.78')).status).toBe(200);
  });
});
