import { createServer } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSigningKey } from '../../../local/auth0/signing-key.ts';
import { createTenant } from '../../../local/auth0/tenant.ts';
import { TenantUsers } from '../../../local/auth0/tenant-users.ts';

const connection = 'passwords';
const audience = 'https://api';
const client = { client_id: 'id', client_secret: 'secret' };
const password = 'Passw0rd!x';
let issuer: string;
let close: () => void;

beforeAll(async () => {
  const key = await loadSigningKey(undefined);
  const users = new TenantUsers(undefined);
  const ready = Promise.withResolvers<ReturnType<typeof createTenant>>();
  const server = createServer(async (request, response) => (await ready.promise)(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}/_auth0/`;
  ready.resolve(
    createTenant({
      issuer,
      audience,
      managementAudience: `${issuer}api/v2/`,
      connection,
      clientId: 'id',
      clientSecret: 'secret',
      users,
      key,
      onPasswordReset: () => undefined,
    }),
  );
  close = () => server.close();
});
afterAll(() => close());

async function send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(issuer + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: text.startsWith('{') ? JSON.parse(text) : undefined };
}

const signUp = (email: string, given = password) =>
  send('POST', 'dbconnections/signup', { client_id: 'id', connection, email, password: given });
const logIn = (username: string, given = password) =>
  send(
    'POST',
    'oauth/token',
    {
      grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
      realm: connection,
      audience,
      username,
      password: given,
      ...client,
    },
    { 'auth0-forwarded-for': '203.0.113.1' },
  );
const claimsOf = async (token: string) => {
  const keys = createRemoteJWKSet(new URL('.well-known/jwks.json', issuer));
  return (await jwtVerify(token, keys, { issuer, audience, algorithms: ['RS256'] })).payload;
};

describe('the tenant', () => {
  it('signs up and logs in, with a token that its published key verifies', async () => {
    const { json } = await signUp('Ada@Example.com');
    expect(json).toEqual({
      _id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: 'ada@example.com',
      email_verified: false,
    });
    const login = await logIn('ada@example.com');
    expect(login.json).toMatchObject({ token_type: 'Bearer', expires_in: 86_400 });
    expect(await claimsOf(login.json.access_token)).toMatchObject({
      sub: `auth0|${json._id}`,
      azp: 'id',
      'https://storefront.dev/role': 'Customer',
    });
  });

  it('makes ids that sort by creation', async () => {
    const ids = [];
    for (const name of ['a', 'b', 'c']) ids.push((await signUp(`${name}@example.com`)).json._id);
    expect(ids.toSorted()).toEqual(ids);
  });

  it('refuses a taken address and weak passwords as Auth0 does', async () => {
    await signUp('taken@example.com');
    expect(await signUp('TAKEN@example.com')).toMatchObject({
      status: 400,
      json: { code: 'invalid_signup' },
    });
    for (const weak of ['Sh0rt!', 'lowercaseonly', '12345678901']) {
      expect(await signUp('weak@example.com', weak)).toMatchObject({
        status: 400,
        json: { code: 'invalid_password', name: 'PasswordStrengthError' },
      });
    }
  });

  it('tells a wrong password and an unknown address alike, and checks the client', async () => {
    await signUp('bob@example.com');
    const wrong = {
      status: 403,
      json: { error: 'invalid_grant', error_description: 'Wrong email or password.' },
    };
    expect(await logIn('bob@example.com', 'Wrong!123')).toMatchObject(wrong);
    expect(await logIn('nobody@example.com')).toMatchObject(wrong);
    const stranger = { grant_type: 'client_credentials', client_id: 'id', client_secret: 'guess' };
    expect((await send('POST', 'oauth/token', stranger)).status).toBe(401);
  });

  it('lets its management API change role and blocking, and delete, with a management token only', async () => {
    const { json } = await signUp('carl@example.com');
    const path = `api/v2/users/${encodeURIComponent(`auth0|${json._id}`)}`;
    const grant = { grant_type: 'client_credentials', audience: `${issuer}api/v2/`, ...client };
    const { access_token } = (await send('POST', 'oauth/token', grant)).json;
    const authorization = { authorization: `Bearer ${access_token}` };
    expect((await send('PATCH', path, { blocked: true })).status).toBe(401);
    const login = (await logIn('carl@example.com')).json.access_token;
    expect((await send('PATCH', path, {}, { authorization: `Bearer ${login}` })).status).toBe(401);

    await send('PATCH', path, { app_metadata: { role: 'Admin' } }, authorization);
    const claims = await claimsOf((await logIn('carl@example.com')).json.access_token);
    expect(claims['https://storefront.dev/role']).toBe('Admin');
    await send('PATCH', path, { blocked: true }, authorization);
    expect(await logIn('carl@example.com')).toMatchObject({
      status: 403,
      json: { error: 'unauthorized', error_description: 'user is blocked' },
    });
    expect((await send('DELETE', path, undefined, authorization)).status).toBe(204);
    expect((await logIn('carl@example.com')).json.error).toBe('invalid_grant');
    expect((await send('GET', path, undefined, authorization)).status).toBe(404);
  });

  it('answers a password change with the same text for known and unknown addresses', async () => {
    const change = (email: string) =>
      send('POST', 'dbconnections/change_password', { client_id: 'id', connection, email });
    const [known, unknown] = [await change('ada@example.com'), await change('nobody@example.com')];
    expect(known.text).toContain('sent you an email');
    expect(unknown).toEqual(known);
  });
});
