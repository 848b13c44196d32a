import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportSPKI, importJWK, type JWK, SignJWT } from 'jose';
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

const roleClaim = 'https://storefront.dev/role';
const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const parts = () => {
  const [header, payload, signature = ''] = token.split('.');
  return { header: decode(header), claims: decode(payload), signature };
};
/** What a forger wants to be. */
const asAdmin = () => ({ ...parts().claims, [roleClaim]: 'Admin' });
const post = (path: string, body: unknown, ip?: string) =>
  stack.call('POST', path, { body, ...(ip === undefined ? {} : { ip }) });
// biome-ignore lint/suspicious/noExplicitAny: assertions read answers of every shape
async function tenant(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${stack.url}/_auth0/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.json();
}
const ourClient = { client_id: 'local-client', client_secret: 'local-secret' };

async function expectRefused(forged: string, name: string) {
  const response = await stack.call('GET', '/user/me', { token: forged });
  expect(response.json, name).toMatchObject({ status: 401, code: 'invalid_token' });
  expect(response.headers.get('content-type'), name).toContain('application/problem+json');
  // A route that only looks at a token if there is one must not take a forged one for none, or for good.
  const optional = await stack.call('GET', '/product', { token: forged });
  expect(optional.json, name).toMatchObject({ status: 401, code: 'invalid_token' });
}

describe('a forged token', () => {
  it('without a signature opens nothing, in whatever capitals', async () => {
    for (const alg of ['none', 'None', 'nOnE']) {
      const header = encode({ ...parts().header, alg });
      await expectRefused(`${header}.${encode(asAdmin())}.`, alg);
      await expectRefused(`${header}.${encode(asAdmin())}.${parts().signature}`, `${alg} with a signature`);
    }
  });

  it('that is an HMAC keyed with the public key opens nothing', async () => {
    const jwks = await tenant('GET', '.well-known/jwks.json');
    const jwk: JWK = jwks.keys[0];
    expect(jwk).not.toHaveProperty('d');
    const key = await importJWK(jwk, 'RS256', { extractable: true });
    if (key instanceof Uint8Array) throw new Error('no public key');
    for (const secret of [await exportSPKI(key), JSON.stringify(jwk), jwk.n ?? '']) {
      const forged = await new SignJWT(asAdmin())
        .setProtectedHeader({ ...parts().header, alg: 'HS256' })
        .sign(new TextEncoder().encode(secret));
      await expectRefused(forged, 'HS256');
    }
  });

  it('that brings its key, or tells where it is, opens nothing, and nobody fetches it', async () => {
    const { kid } = parts().header;
    const foreign = await testSigner(kid);
    let fetched = 0;
    const attacker: Server = createServer((_, response) => {
      fetched += 1;
      response.end(JSON.stringify({ keys: [foreign.jwk] }));
    });
    await new Promise<void>((resolve) => attacker.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(attacker.address() as AddressInfo).port}/keys.json`;
    const headers = {
      jwk: { jwk: foreign.jwk },
      jku: { jku: url },
      x5u: { x5u: url },
      'jku under another id': { jku: url, kid: 'mine' },
      'kid that is a path': { kid: '../../../../dev/null' },
      'kid that is a URL': { kid: url },
    };
    try {
      for (const [name, header] of Object.entries(headers)) {
        await expectRefused(await foreign.sign(asAdmin(), { header }), name);
      }
      expect(fetched).toBe(0);
    } finally {
      attacker.close();
    }
  });
});

describe('a genuine token of the tenant', () => {
  it('for another API opens nothing here', async () => {
    const { access_token } = await tenant('POST', 'oauth/token', {
      ...ourClient,
      grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
      realm: 'Username-Password-Authentication',
      username: 'customer@example.com',
      password: 'Passw0rd!local',
      audience: 'https://another.example',
    });
    expect(decode(access_token.split('.')[1]).aud).toBe('https://another.example');
    await expectRefused(access_token, 'another audience');
  });

  it('that another application of the tenant got opens nothing here', async () => {
    const logInAt = async (client: object) => {
      const { access_token } = await tenant('POST', 'oauth/token', {
        ...client,
        grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
        realm: 'Username-Password-Authentication',
        username: 'customer@example.com',
        password: 'Passw0rd!local',
        audience: parts().claims.aud,
      });
      return access_token;
    };
    const foreign = { client_id: 'local-other-client', client_secret: 'local-other-secret' };
    const [ours, theirs] = [await logInAt(ourClient), await logInAt(foreign)];
    const { azp, ...claims } = decode(theirs.split('.')[1]);
    expect(azp).toBe('local-other-client');
    expect(decode(ours.split('.')[1])).toMatchObject({ sub: claims.sub, aud: claims.aud, iss: claims.iss });
    expect((await stack.call('GET', '/user/me', { token: ours })).status).toBe(200);
    await expectRefused(theirs, 'another application');
  });

  it('for the Management API opens nothing here', async () => {
    const { access_token } = await tenant('POST', 'oauth/token', {
      ...ourClient,
      grant_type: 'client_credentials',
      audience: `${parts().claims.iss}api/v2/`,
    });
    await expectRefused(access_token, 'a machine');
  });
});

describe('a client', () => {
  it('cannot choose its region, or another address than the gateway saw', async () => {
    const person = { username: 'traveller', email: 'traveller@example.com', password: 'Passw0rd!long' };
    const headers = {
      'CloudFront-Viewer-Country': 'LI',
      'X-Real-IP': '192.0.2.99',
      'True-Client-IP': '192.0.2.99',
      Forwarded: 'for=192.0.2.99',
    };
    expect((await stack.call('POST', '/user/register', { body: person, headers })).status).toBe(201);
    const { json } = await post('/user/login', { email: person.email, password: person.password });
    const { json: user } = await stack.call('GET', '/user/me', { token: json.token });
    expect(user).toMatchObject({ region: 'local', deviceInfo: [{ ip: '127.0.0.1', region: 'local' }] });
  });

  it('is told the same of a known and an unknown address, at login and at reset', async () => {
    const from = { customer: '192.0.2.1', nobody: '192.0.2.2' };
    const answers = async (name: keyof typeof from) => {
      const email = `${name}@example.com`;
      const ip = from[name];
      const before = stack.runtime.counters.awsCalls();
      const login = await post('/user/login', { email, password: 'Wr0ng!password' }, ip);
      const reset = await post('/user/password-reset', { email }, ip);
      const shown = [login, reset].map(({ status, text, headers }) => [
        status,
        text.replace(/"requestId":"[^"]*"/, ''),
        [...headers.keys()].sort(),
      ]);
      return { shown, aws: [before, stack.runtime.counters.awsCalls()] };
    };
    // Whoever is asked about first pays for what the Lambda keeps from then on.
    await answers('customer');
    const [known, unknown] = [await answers('customer'), await answers('nobody')];
    expect(unknown.shown).toEqual(known.shown);
    expect(unknown.aws[1]).toEqual(unknown.aws[0]);
    expect(known.aws[1]).toEqual(known.aws[0]);
  });

  it('cannot make itself an Admin by sending more than it is asked for', async () => {
    const base = '"username":"mallory","email":"mallory@example.com","password":"Passw0rd!long"';
    const more = [
      '"role":"Admin"',
      '"accessLevel":3',
      '"trustFirstDevice":true',
      '"userId":"admin"',
      '"__proto__":{"role":"Admin"}',
      '"constructor":{"prototype":{"role":"Admin"}}',
    ];
    for (const field of more) {
      const text = `{${base},${field}}`;
      const headers = { 'content-type': 'application/json' };
      const response = await stack.call('POST', '/user/register', { text, headers });
      expect(response.json, field).toMatchObject({ status: 400, code: 'validation_failed' });
    }
    expect((await post('/user/exists', { username: 'mallory' })).json).toEqual({ exists: false });
    // The same key twice: the last one counts, here and at every JSON parser behind.
    const text = `{${base},"email":"mallory2@example.com"}`;
    const twice = await stack.call('POST', '/user/register', {
      text,
      headers: { 'content-type': 'application/json' },
    });
    expect(twice.status).toBe(201);
    expect((await post('/user/exists', { email: 'mallory@example.com' })).json).toEqual({ exists: false });
  });

  it('gets a clear refusal for prototype keys in query and path too', async () => {
    for (const query of ['constructor=1', 'toString=1', '__proto__[role]=Admin', 'constructor.prototype=1']) {
      const response = await stack.call('GET', `/product?${query}`);
      expect(response.json, query).toMatchObject({ status: 400, code: 'validation_failed' });
    }
    for (const id of ['__proto__', 'constructor', 'hasOwnProperty']) {
      const response = await stack.call('GET', `/user/${id}`, { token });
      expect(response.json, id).toMatchObject({ status: 404, code: 'not_found' });
    }
    // As name of a parameter or header `__proto__` is dropped on the way; it must break nothing.
    expect((await stack.call('GET', '/product?__proto__=1')).status).toBe(200);
    expect((await stack.call('GET', '/product', { headers: { ['__proto__']: 'x' } })).status).toBe(200);
  });

  it('is one client in all of its IPv6 network', async () => {
    const from = (host: number) =>
      post('/user/exists', { email: 'guessed@example.com' }, `2001:db8:77:1:${host.toString(16)}::1`);
    let limited = 0;
    for (let host = 1; host <= 210 && limited === 0; host += 1) {
      if ((await from(host)).status === 429) limited += 1;
    }
    expect(limited).toBe(1);
    expect(
      (await post('/user/exists', { email: 'guessed@example.com' }, '2001:db8:77:2::1')).status,
    ).not.toBe(429);
  });

  it('is throttled on each route that is worth guessing at, by its own address', async () => {
    const bodies: Record<string, unknown> = {
      '/user/login': { email: 'guessed@example.com', password: 'x' },
      '/user/password-reset': { email: 'guessed@example.com' },
      '/user/register': {},
    };
    for (const [path, body] of Object.entries(bodies)) {
      const ip = `198.51.100.${path.length}`;
      let limited: Awaited<ReturnType<typeof post>> | undefined;
      // A minute's window may end while the test runs; then a new one starts at zero.
      for (let count = 0; count < 210 && !limited; count += 1) {
        const response = await post(path, body, ip);
        if (response.status === 429) limited = response;
      }
      expect(limited?.json, path).toMatchObject({ code: 'rate_limited' });
      const seconds = Number(limited?.headers.get('retry-after'));
      expect(seconds, path).toBeGreaterThan(0);
      expect(seconds, path).toBeLessThanOrEqual(60);
      expect((await post(path, body, '198.51.100.250')).status, path).not.toBe(429);
    }
  });
});
