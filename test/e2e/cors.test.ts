import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

const shop = 'https://shop.example.com';
const admin = 'https://admin.example.com';
const stranger = 'https://evil.example.com';
const table: readonly Route[] = Object.values(routes);

function fields(headers: Headers, name: string): string[] {
  return (headers.get(name) ?? '').split(', ');
}

describe('a page of an allowed origin', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await startLocalStack({ settings: { cors: { allowedOrigins: [shop, admin] } } });
  });
  afterAll(() => stack?.stop());

  it.each([...new Set(table.map(({ path }) => path))])('may send what %s takes', async (path) => {
    const { status, text, headers } = await stack.call('OPTIONS', path.replaceAll(/\{\w+\}/g, 'some-id'), {
      headers: {
        Origin: admin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
      },
    });
    expect({ status, text }).toEqual({ status: 204, text: '' });
    expect(headers.get('access-control-allow-origin')).toBe(admin);
    expect(headers.get('vary')).toBe('Origin');
    const methods = table.filter((route) => route.path === path).map(({ method }) => method);
    expect(fields(headers, 'access-control-allow-methods').sort()).toEqual(methods.sort());
    expect(fields(headers, 'access-control-allow-headers')).toEqual(
      expect.arrayContaining(['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match']),
    );
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('may read the answer and the headers that it needs', async () => {
    const { status, headers } = await stack.call('GET', '/product', { headers: { Origin: shop } });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe(shop);
    // A product looks different to a token, and a cache must know that, too.
    expect(headers.get('vary')).toBe('Authorization, Origin');
    expect(fields(headers, 'access-control-expose-headers')).toEqual(
      expect.arrayContaining(['ETag', 'X-Request-Id', 'Location', 'Idempotency-Replayed', 'Retry-After']),
    );
  });

  it.each([
    ['an error of the handler', 'GET', '/product/no-such-product', 404],
    ['a token that is missing, as the gateway says it', 'GET', '/order', 401],
    ['a method that is not there', 'DELETE', '/user/login', 405],
    ['a path that is not there', 'GET', '/nowhere', 404],
  ])('may read %s', async (_what, method, path, expected) => {
    const { status, headers } = await stack.call(method, path, { headers: { Origin: shop } });
    expect(status).toBe(expected);
    expect([shop, '*']).toContain(headers.get('access-control-allow-origin'));
    expect(fields(headers, 'access-control-expose-headers')).toContain('X-Request-Id');
  });

  it('is told apart from a page of any other origin', async () => {
    const asked = await stack.call('OPTIONS', '/product', { headers: { Origin: stranger } });
    expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    const answered = await stack.call('GET', '/product', { headers: { Origin: stranger } });
    expect(answered.headers.get('access-control-allow-origin')).toBeNull();
    expect(answered.headers.get('vary')).toBe('Authorization, Origin');
    const without = await stack.call('GET', '/product');
    expect(without.headers.get('access-control-allow-origin')).toBeNull();
  });
});
