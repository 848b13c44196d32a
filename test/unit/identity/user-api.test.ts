import { beforeEach, describe, expect, it } from 'vitest';
import { createApiHandler } from '../../../shared/api/dispatch.ts';
import type { RateLimiter } from '../../../shared/api/rate-limit.ts';
import type { User } from '../../../shared/identity/user.ts';
import { createUserOperations } from '../../../shared/identity/user-operations.ts';
import { userRoutes } from '../../../shared/identity/user-routes.ts';
import { anAddress, aUser } from '../../support/builders/user.ts';
import { type FakeUserPorts, fakeUserPorts } from '../../support/identity-fakes.ts';

const ann = aUser({
  userId: 'ann',
  paymentMethods: [{ id: 'pm_1', token: 'tok_secret', brand: 'visa', last4: '4242', isDefault: true }],
});
const bob = aUser({ userId: 'bob' });
const manager = aUser({ userId: 'mia', role: 'Manager' });
const admin = aUser({ userId: 'ada', role: 'Admin' });

let ports: FakeUserPorts;
let hits: number;

interface Call {
  as?: User;
  body?: unknown;
  raw?: string;
  contentType?: string;
  headers?: Record<string, string>;
  ip?: string;
}

/** Calls the route's handler as API Gateway would, behind an authorizer that knows the user. */
async function call(method: string, resource: string, userId?: string, options: Call = {}) {
  const limiter: RateLimiter = { hit: async () => (hits += 1) };
  const handler = createApiHandler(userRoutes, () => ({
    operations: createUserOperations(ports, { discloseIdentity: true }),
    ports: { users: ports.store, audit: ports.audit, limiter, effects: ports.effects },
  }));
  const { as, body, raw, contentType = 'application/json', headers = {}, ip = '203.0.113.7' } = options;
  const tokenExpiresAt = String(ports.effects.clock.now().getTime() / 1000 + 60);
  const response = await handler({
    resource,
    httpMethod: method,
    headers: { 'Content-Type': contentType, ...headers },
    pathParameters: userId === undefined ? null : { userId },
    body: raw ?? (body === undefined ? null : JSON.stringify(body)),
    requestContext: {
      requestId: 'request-1',
      identity: { sourceIp: ip, userAgent: 'test' },
      ...(as ? { authorizer: { userId: as.userId, role: as.role, tokenExpiresAt } } : {}),
    },
  });
  return { ...response, json: response.body === '' ? undefined : JSON.parse(response.body) };
}

beforeEach(() => {
  ports = fakeUserPorts(ann, bob, manager, admin);
  hits = 0;
});

describe('GET /user/{userId}', () => {
  it('shows the own profile, by id and as me, with an ETag and without secrets', async () => {
    for (const userId of ['ann', 'me']) {
      const response = await call('GET', '/user/{userId}', userId, { as: ann });
      expect(response).toMatchObject({
        statusCode: 200,
        headers: { ETag: '"1"', 'X-Request-Id': 'request-1' },
      });
      expect(response.json).toMatchObject({ userId: 'ann', accessLevel: 1, isProfileComplete: false });
      expect(response.json.paymentMethods).toEqual([
        { id: 'pm_1', brand: 'visa', last4: '4242', isDefault: true },
      ]);
      expect(response.json).not.toHaveProperty('disabled');
      expect(response.body).not.toContain('tok_secret');
    }
  });

  it.each([bob, manager])("does not reveal another's profile to a $role", async (as) => {
    const other = await call('GET', '/user/{userId}', 'ann', { as });
    const nobody = await call('GET', '/user/{userId}', 'nobody', { as });
    expect(other.statusCode).toBe(404);
    expect(other.json).toEqual(nobody.json);
  });

  it('shows everybody to an Admin, and 404 for nobody', async () => {
    expect((await call('GET', '/user/{userId}', 'ann', { as: admin })).statusCode).toBe(200);
    expect((await call('GET', '/user/{userId}', 'nobody', { as: admin })).json).toMatchObject({
      code: 'not_found',
    });
  });

  it('wants a token', async () => {
    expect((await call('GET', '/user/{userId}', 'me')).json).toMatchObject({
      status: 401,
      code: 'unauthenticated',
    });
  });

  it('denies a token whose role is not the one on record, or whose account is disabled', async () => {
    ports.store.patch('ann', { role: 'Manager' });
    expect((await call('GET', '/user/{userId}', 'me', { as: ann })).json).toMatchObject({
      code: 'role_mismatch',
    });
    ports.store.patch('ann', { role: 'Customer', disabled: true });
    expect((await call('GET', '/user/{userId}', 'me', { as: ann })).json).toMatchObject({
      code: 'account_disabled',
    });
    expect(ports.audit.entries.map(({ reason }) => reason)).toEqual(['role_mismatch', 'account_disabled']);
  });
});

describe('POST /user/register', () => {
  const good = { username: 'new.user', email: 'New@Example.com', password: 'Long enough 1' };

  it('answers 201 with exactly the fields of the contract, and where the user is', async () => {
    const response = await call('POST', '/user/register', undefined, { body: good });
    expect(response).toMatchObject({ statusCode: 201, headers: { Location: '/user/user-1' } });
    expect(response.json).toEqual({ userId: 'user-1', status: 'created', role: 'Customer' });
    expect(ports.store.users.get('user-1')?.email).toBe('new@example.com');
  });

  it.each([
    ['/username', { username: 'ab' }],
    ['/username', { username: 'no spaces' }],
    ['/username', { username: 'x'.repeat(41) }],
    ['/email', { email: 'not-an-address' }],
    ['/password', { password: 'x'.repeat(129) }],
    ['/password', { password: 12345678 }],
    ['/phone', { phone: '555-0100' }],
    ['/deviceInfo/browser', { deviceInfo: { os: 'macOS' } }],
    ['/deviceInfo/ip', { deviceInfo: { os: 'macOS', browser: 'Safari', ip: '6.6.6.6' } }],
    ['/role', { role: 'Admin' }],
  ])('names %s when it is wrong, and writes nothing', async (path, wrong) => {
    const response = await call('POST', '/user/register', undefined, { body: { ...good, ...wrong } });
    expect(response.json).toMatchObject({ status: 400, code: 'validation_failed', errors: [{ path }] });
    expect(ports.store.users.size).toBe(4);
    expect(ports.identityProvider.calls).toEqual([]);
  });

  it.each([
    [400, 'malformed_json', { raw: '{"username":' }],
    [400, 'malformed_json', { raw: '' }],
    [415, 'unsupported_media_type', { raw: 'a=b', contentType: 'application/x-www-form-urlencoded' }],
    [413, 'payload_too_large', { raw: `"${'x'.repeat(256 * 1024)}"` }],
  ])('answers %i %s', async (status, code, options) => {
    const response = await call('POST', '/user/register', undefined, options);
    expect(response.json).toMatchObject({ status, code });
    expect(ports.store.users.size).toBe(4);
  });
});

describe('routes that are worth guessing at', () => {
  it.each(['exists', 'register', 'login', 'password-reset'])('limit /user/%s per address', async (route) => {
    hits = 100;
    const response = await call('POST', `/user/${route}`, undefined, { body: {} });
    expect(response.json).toMatchObject({ status: 429, code: 'rate_limited' });
    expect(response.headers['Retry-After']).toMatch(/^\d+$/);
  });
});

describe('POST /user/password-reset', () => {
  it('answers 202 without a body', async () => {
    const response = await call('POST', '/user/password-reset', undefined, {
      body: { email: 'x@example.com' },
    });
    expect(response).toMatchObject({ statusCode: 202, body: '' });
    expect(ports.identityProvider.calls).toEqual([['requestPasswordReset', 'x@example.com']]);
  });
});

describe('PATCH /user/{userId}', () => {
  it('answers the changed User with its new ETag', async () => {
    const response = await call('PATCH', '/user/{userId}', 'me', {
      as: ann,
      body: { profileCompletionPrompted: true },
    });
    expect(response).toMatchObject({ statusCode: 200, headers: { ETag: '"2"' } });
    expect(response.json).toMatchObject({ profileCompletionPrompted: true, version: 2 });
  });

  it("refuses fields that are nobody's to change", async () => {
    for (const field of ['email', 'userId', 'orderCount', 'isProfileComplete']) {
      const response = await call('PATCH', '/user/{userId}', 'me', { as: ann, body: { [field]: 1 } });
      expect(response.json).toMatchObject({ code: 'validation_failed', errors: [{ path: `/${field}` }] });
    }
  });

  it("hides another's profile from a Customer, and lets an Admin change it", async () => {
    const body = { username: 'renamed' };
    expect((await call('PATCH', '/user/{userId}', 'ann', { as: bob, body })).statusCode).toBe(404);
    expect((await call('PATCH', '/user/{userId}', 'ann', { as: admin, body })).json.username).toBe('renamed');
  });
});

describe('PUT /user/{userId}/details', () => {
  const details = {
    addresses: [anAddress()],
    preferences: { deliveryTime: 'evening', newsletterOptIn: true },
    paymentMethods: [{ token: 'pm_card_mastercard' }],
  };

  it('completes the profile and shows no token', async () => {
    const response = await call('PUT', '/user/{userId}/details', 'me', { as: bob, body: details });
    expect(response.statusCode).toBe(200);
    expect(response.json).toMatchObject({
      isProfileComplete: true,
      addresses: [{ label: 'home', isDefault: true }],
      paymentMethods: [{ brand: 'mastercard', last4: '4444', isDefault: true }],
    });
    expect(response.body).not.toContain('pm_card_mastercard');
  });

  it('answers 503 when waiting checkouts cannot be reached', async () => {
    const { DependencyUnavailableError } = await import('../../../shared/errors.ts');
    ports.resumer.fault = new DependencyUnavailableError('Step Functions');
    const response = await call('PUT', '/user/{userId}/details', 'me', { as: bob, body: details });
    expect(response.json).toMatchObject({ status: 503, code: 'dependency_unavailable' });
    expect(response.headers['Retry-After']).toBe('2');
  });
});

describe('If-Match', () => {
  const patch = (ifMatch: string | undefined, username = 'renamed') =>
    call('PATCH', '/user/{userId}', 'me', {
      as: ann,
      body: { username },
      ...(ifMatch === undefined ? {} : { headers: { 'If-Match': ifMatch } }),
    });

  it.each([undefined, '"1"', '*'])(
    '%s lets a change of the version that was read through',
    async (ifMatch) => {
      expect(await patch(ifMatch)).toMatchObject({ statusCode: 200, headers: { ETag: '"2"' } });
    },
  );

  it.each(['"0"', '"2"', 'W/"1"', '1', '"one"'])('%s stops a change of another version', async (ifMatch) => {
    expect((await patch(ifMatch)).json).toMatchObject({ status: 412, code: 'version_conflict' });
    expect(ports.store.users.get('ann')).toEqual(ann);
  });

  it('stops even a change that would change nothing', async () => {
    expect((await patch('"7"', ann.username)).json.code).toBe('version_conflict');
  });

  it('stops a change that meets another one at the same moment, where it would be made anew without', async () => {
    const other = () => ports.store.patch('ann', { version: 2, phone: '+14155550100' });
    ports.store.meanwhile = other;
    expect((await patch('"1"')).json.code).toBe('version_conflict');
    ports.store.patch('ann', { version: 1 });
    ports.store.meanwhile = other;
    expect((await patch(undefined)).json).toMatchObject({
      username: 'renamed',
      phone: '+14155550100',
      version: 3,
    });
  });

  it('is honoured with the details too, which answer their new ETag', async () => {
    const put = (ifMatch: string) =>
      call('PUT', '/user/{userId}/details', 'me', {
        as: ann,
        body: { addresses: [anAddress()], preferences: {} },
        headers: { 'If-Match': ifMatch },
      });
    expect(await put('"1"')).toMatchObject({ statusCode: 200, headers: { ETag: '"2"' } });
    expect((await put('"1"')).json.code).toBe('version_conflict');
    expect(ports.resumer.resumed).toEqual(['ann']);
  });
});

describe('fields that nobody may send', () => {
  const registration = '"username":"new.user","email":"new@example.com","password":"Long enough 1"';

  it.each([
    ['__proto__', '{"role":"Admin","disabled":false}'],
    ['constructor', '{"prototype":{"role":"Admin"}}'],
    ['toString', '"x"'],
    ['role', '"Admin"'],
    ['trustFirstDevice', 'true'],
    ['orderCount', '9'],
  ])('are refused by name at registration: %s', async (name, value) => {
    const raw = `{${registration},"${name}":${value}}`;
    const response = await call('POST', '/user/register', undefined, { raw });
    expect(response.json).toMatchObject({ code: 'validation_failed', errors: [{ path: `/${name}` }] });
    expect(ports.store.users.size).toBe(4);
    expect(({} as { role?: string }).role).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'trustFirstDevice', 'deviceInfo', 'version', 'accessLevel'])(
    'are refused by name in a PATCH, an Admin’s too: %s',
    async (name) => {
      for (const as of [ann, admin]) {
        const raw = `{"username":"renamed","${name}":{"role":"Admin"}}`;
        const response = await call('PATCH', '/user/{userId}', 'ann', { as, raw });
        expect(response.json).toMatchObject({ code: 'validation_failed', errors: [{ path: `/${name}` }] });
      }
      expect(ports.store.users.get('ann')).toEqual(ann);
    },
  );

  it('are refused deep inside too', async () => {
    const raw = JSON.stringify({ addresses: [anAddress()], preferences: {} }).replace(
      '{"label"',
      '{"__proto__":{"isDefault":true},"label"',
    );
    const response = await call('PUT', '/user/{userId}/details', 'me', { as: ann, raw });
    expect(response.json).toMatchObject({ errors: [{ path: '/addresses/0/__proto__' }] });
  });

  it('do not leave the record either', async () => {
    ports.store.patch('ann', { trustFirstDevice: true });
    const response = await call('GET', '/user/{userId}', 'me', { as: ann });
    expect(response.json).not.toHaveProperty('trustFirstDevice');
  });
});

describe('the region of a request', () => {
  it.each([
    ['the country that CloudFront saw', '203.0.113.7', 'DE', 'DE'],
    ['unknown where it saw none', '203.0.113.7', undefined, 'unknown'],
    ['local on a private network', '192.168.1.7', undefined, 'local'],
  ])('is %s', async (_, ip, country, region) => {
    const body = { username: 'new.user', email: 'new@example.com', password: 'Long enough 1' };
    const headers: Record<string, string> = country ? { 'CloudFront-Viewer-Country': country } : {};
    await call('POST', '/user/register', undefined, { body, ip, headers });
    expect(ports.store.users.get('user-1')).toMatchObject({ region, deviceInfo: [{ ip, region }] });
    expect(ports.store.entries[0]?.where).toMatchObject({ ip, region });
  });
});

describe('password resets', () => {
  it('ask the same of the identity provider for everybody, and nothing of the records', async () => {
    const reset = (email: string) => call('POST', '/user/password-reset', undefined, { body: { email } });
    ports.store.findIdByEmail = () => expect.unreachable();
    const [known, unknown] = [await reset(ann.email), await reset('nobody@example.com')];
    expect(unknown).toEqual(known);
    expect(ports.identityProvider.calls).toEqual([
      ['requestPasswordReset', ann.email],
      ['requestPasswordReset', 'nobody@example.com'],
    ]);
  });
});
