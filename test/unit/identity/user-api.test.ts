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
}

/** Calls the route's handler as API Gateway would, behind an authorizer that knows the user. */
async function call(method: string, resource: string, userId?: string, options: Call = {}) {
  const limiter: RateLimiter = { hit: async () => (hits += 1) };
  const handler = createApiHandler(userRoutes, () => ({
    operations: createUserOperations(ports, { discloseIdentity: true }),
    ports: { users: ports.store, audit: ports.audit, limiter, effects: ports.effects },
  }));
  const { as, body, raw, contentType = 'application/json' } = options;
  const tokenExpiresAt = String(ports.effects.clock.now().getTime() / 1000 + 60);
  const response = await handler({
    resource,
    httpMethod: method,
    headers: { 'Content-Type': contentType },
    pathParameters: userId === undefined ? null : { userId },
    body: raw ?? (body === undefined ? null : JSON.stringify(body)),
    requestContext: {
      requestId: 'request-1',
      identity: { sourceIp: '203.0.113.7', userAgent: 'test' },
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
