import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { serveSiteverify } from '../../../local/captcha/siteverify.ts';
import { createSiteverify } from '../../../shared/adapters/siteverify.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

type Listener = NonNullable<Parameters<typeof createServer>[1]>;

async function provider(listener: Listener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`;
}

const verifier = (url: string, secret = 'our secret', timeoutMilliseconds = 2_000) =>
  createSiteverify({ url, secret: async () => secret, timeoutMilliseconds });

describe('a CAPTCHA answer', () => {
  it('is sent as the protocol says: a form of secret, response and remoteip', async () => {
    const seen: unknown[] = [];
    const url = await provider(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      seen.push([
        request.method,
        request.headers['content-type'],
        Object.fromEntries(new URLSearchParams(body)),
      ]);
      response.end('{"success":true,"challenge_ts":"2026-03-01T12:00:00Z","hostname":"shop.example"}');
    });
    expect(await verifier(url).isSolved('an answer & more', '203.0.113.7')).toBe(true);
    expect(seen).toEqual([
      [
        'POST',
        'application/x-www-form-urlencoded;charset=UTF-8',
        { secret: 'our secret', response: 'an answer & more', remoteip: '203.0.113.7' },
      ],
    ]);
  });

  it('is wrong when the provider says so', async () => {
    const url = await provider((_, response) =>
      response.end('{"success":false,"error-codes":["timeout-or-duplicate"]}'),
    );
    expect(await verifier(url).isSolved('used', '203.0.113.7')).toBe(false);
  });

  it.each<[string, Listener]>([
    ['fails', (_, response) => response.writeHead(500).end('{"success":true}')],
    ['answers no JSON', (_, response) => response.end('<html>')],
    ['says nothing of success', (_, response) => response.end('{"ok":true}')],
    [
      'sends us elsewhere',
      ({ url }, response) =>
        url === '/siteverify'
          ? response.writeHead(302, { location: '/elsewhere' }).end()
          : response.end('{"success":true}'),
    ],
    ['is silent', () => undefined],
  ])('is an outage, asked once, when the provider %s', async (_, answer) => {
    let asked = 0;
    const url = await provider((request, response) => {
      asked += 1;
      answer(request, response);
    });
    await expect(verifier(url, 'our secret', 200).isSolved('x', '203.0.113.7')).rejects.toMatchObject({
      dependency: 'The CAPTCHA provider',
    });
    expect(asked).toBe(1);
  });

  it.each([
    ['local-captcha-secret', 'local-captcha-ok', true],
    ['local-captcha-secret', 'anything', false],
    ['another secret', 'local-captcha-ok', false],
  ])('to the local provider with %s and %s: %s', async (secret, token, solved) => {
    const url = await provider((request, response) => void serveSiteverify(request, response));
    expect(await verifier(url, secret).isSolved(token, '127.0.0.1')).toBe(solved);
  });
});
