import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAuth0 } from '../../../shared/adapters/auth0/identity-provider.ts';
import { createTokenVerifier } from '../../../shared/identity/access-token.ts';
import type { IdentityProvider } from '../../../shared/identity/identity-provider.ts';
import { startAuth0Double, testAudience, testIssuer, testSigner } from '../../support/auth0-double.ts';
import { type TestEffects, testEffects } from '../../support/effects.ts';

let tenant: Awaited<ReturnType<typeof startAuth0Double>>;
let signer: Awaited<ReturnType<typeof testSigner>>;
let auth0: IdentityProvider;
let effects: TestEffects;
const credentials = { email: 'ann@example.com', password: 'S3cret-word!' };
const ip = '203.0.113.7';

beforeAll(async () => {
  [tenant, signer] = await Promise.all([startAuth0Double(), testSigner()]);
});
afterAll(() => tenant.stop());
beforeEach(() => {
  effects = testEffects();
  auth0 = auth0With(2_000);
});

/** @param timeoutMilliseconds long, but where it is to pass: whatever comes later than it is asked for again */
function auth0With(timeoutMilliseconds: number) {
  return createAuth0({
    issuer: tenant.issuer,
    audience: testAudience,
    connection: 'passwords',
    client: async () => ({ clientId: 'client', clientSecret: 'secret' }),
    verifyToken: createTokenVerifier(
      { issuer: testIssuer, audience: testAudience, now: () => new Date() },
      signer.keys,
    ),
    effects,
    timeoutMilliseconds,
  });
}

describe('signing up', () => {
  it.each([
    ['64b0', '64b0'],
    ['auth0|64b0', '64b0'],
  ])('answers the id %s without its prefix', async (_id, userId) => {
    tenant.answer({ status: 200, body: { _id, email: credentials.email } });
    expect(await auth0.signUp(credentials)).toEqual({ kind: 'created', userId });
    expect(tenant.seen).toMatchObject([
      {
        method: 'POST',
        path: '/dbconnections/signup',
        body: { client_id: 'client', connection: 'passwords', ...credentials },
      },
    ]);
    expect(tenant.seen[0]?.body).not.toHaveProperty('client_secret');
  });

  it.each([
    [{ code: 'user_exists', name: 'BadRequestError' }, 'exists'],
    [{ code: 'invalid_signup', name: 'BadRequestError', description: 'Invalid sign up' }, 'exists'],
    [
      { code: 'invalid_password', name: 'PasswordStrengthError', description: { rules: [] }, policy: '' },
      'weak_password',
    ],
    [{ code: 'password_dictionary_error', name: 'PasswordDictionaryError' }, 'weak_password'],
    [{ code: 'password_leaked' }, 'weak_password'],
  ])('reads %o', async (body, kind) => {
    tenant.answer({ status: 400, body });
    expect(await auth0.signUp(credentials)).toEqual({ kind });
  });

  it('reports a wrong setting of the tenant without quoting the request', async () => {
    tenant.answer({ status: 403, body: { code: 'public_signup_disabled', description: credentials.email } });
    const error = await auth0.signUp(credentials).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'Auth0RefusalError',
      message: 'Auth0 refused a signup: 403 public_signup_disabled',
    });
  });
});

describe('logging in', () => {
  it("uses the password-realm grant with the client's address, and verifies the token", async () => {
    const token = await signer.sign();
    tenant.answer({ status: 200, body: { access_token: token, expires_in: 86400, token_type: 'Bearer' } });
    expect(await auth0.logIn(credentials, ip)).toEqual({
      kind: 'accepted',
      token,
      expiresIn: 86400,
      userId: 'user-1',
      role: 'Customer',
    });
    expect(tenant.seen).toMatchObject([
      {
        path: '/oauth/token',
        headers: { 'auth0-forwarded-for': ip },
        body: {
          grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
          client_id: 'client',
          client_secret: 'secret',
          audience: testAudience,
          realm: 'passwords',
          username: credentials.email,
          password: credentials.password,
        },
      },
    ]);
  });

  it.each([
    [403, { error: 'invalid_grant', error_description: 'Wrong email or password.' }, { kind: 'refused' }],
    [401, { error: 'password_leaked' }, { kind: 'refused' }],
    [401, { error: 'unauthorized', error_description: 'user is blocked' }, { kind: 'blocked' }],
    [429, { error: 'too_many_attempts' }, { kind: 'locked', retryAfterSeconds: 60 }],
    [401, { error: 'too_many_attempts' }, { kind: 'locked', retryAfterSeconds: 60 }],
    [429, { error: 'too_many_logins' }, { kind: 'locked', retryAfterSeconds: 60 }],
    [401, { error: 'requires_verification' }, { kind: 'locked', retryAfterSeconds: 60 }],
    [401, { error: 'invalid_user_password' }, { kind: 'refused' }],
  ])('reads %i %o', async (status, body, result) => {
    tenant.answer({ status, body });
    expect(await auth0.logIn(credentials, ip)).toEqual(result);
  });

  it('says when a lock ends, if the tenant does', async () => {
    tenant.answer({ status: 429, body: { error: 'too_many_attempts' }, headers: { 'retry-after': '42' } });
    expect(await auth0.logIn(credentials, ip)).toEqual({ kind: 'locked', retryAfterSeconds: 42 });
  });

  it('calls the global rate limit of the tenant an outage, as no account is locked', async () => {
    tenant.answer({ status: 429, body: { error: 'Too Many Requests', errorCode: 'too_many_requests' } });
    await expect(auth0.logIn(credentials, ip)).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
  });

  it('hands out no token that our own API would refuse', async () => {
    const token = await signer.sign({ aud: 'somebody else' });
    tenant.answer({ status: 200, body: { access_token: token, expires_in: 86400 } });
    await expect(auth0.logIn(credentials, ip)).rejects.toMatchObject({ name: 'Auth0RefusalError' });
  });
});

describe('a tenant that is set up wrongly', () => {
  it.each([
    [401, { error: 'invalid_client' }],
    [403, { error: 'unauthorized_client', error_description: 'Grant type not allowed' }],
    [403, { error: 'mfa_required', mfa_token: 'secret-mfa-token' }],
    [403, { error: 'access_denied', error_description: `Unknown user ${credentials.email}` }],
  ])('is reported by its code, without quoting anybody: %i %o', async (status, body) => {
    tenant.answer({ status, body });
    const error = await auth0.logIn(credentials, ip).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      name: 'Auth0RefusalError',
      message: `Auth0 refused a login: ${status} ${body.error}`,
    });
    expect(tenant.seen).toHaveLength(1);
  });
});

describe('an outage', () => {
  it('is what an answer is called that only looks like a success', async () => {
    const page = { status: 200, body: '<html>maintenance</html>' };
    const outage = { name: 'DependencyUnavailableError', dependency: 'Auth0' };
    tenant.answer(page);
    await expect(auth0.logIn(credentials, ip)).rejects.toMatchObject(outage);
    await expect(auth0.signUp(credentials)).rejects.toMatchObject(outage);
    await expect(auth0.deleteUser('64b0')).rejects.toMatchObject(outage);
  });

  it('is tried over once', async () => {
    tenant.answer({ status: 502 }, { status: 200, body: { _id: '64b0' } });
    expect(await auth0.signUp(credentials)).toMatchObject({ kind: 'created' });
    expect(tenant.seen).toHaveLength(2);
  });

  it.each([
    ['answers 503', { status: 503 }],
    ['does not answer in time', { status: 200, silent: true }],
    ['redirects elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:9/' } }],
  ])('is reported when the tenant %s twice, without the password', async (_, answer) => {
    tenant.answer(answer);
    const hasty = 'silent' in answer ? auth0With(150) : auth0;
    const error = await hasty.logIn(credentials, ip).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ name: 'DependencyUnavailableError', dependency: 'Auth0' });
    expect(String(error instanceof Error && error.stack)).not.toContain(credentials.password);
    expect(tenant.seen).toHaveLength(2);
  });
});

describe('a password reset', () => {
  it('has Auth0 send the mail, whose answer is plain text', async () => {
    tenant.answer({ status: 200, body: "We've just sent you an email to reset your password." });
    await auth0.requestPasswordReset('ann@example.com');
    expect(tenant.seen).toMatchObject([
      { path: '/dbconnections/change_password', body: { email: 'ann@example.com', connection: 'passwords' } },
    ]);
  });

  it('tells nothing when Auth0 refuses', async () => {
    tenant.answer({ status: 400, body: { error: 'unknown user' } });
    await expect(auth0.requestPasswordReset('ann@example.com')).resolves.toBeUndefined();
  });
});

describe('the Management API', () => {
  const granted = { status: 200, body: { access_token: 'management', expires_in: 3600 } };
  const done = { status: 200 };

  it('writes role and block with a token that is fetched once', async () => {
    tenant.answer(granted, done);
    await auth0.setAccess('64b0', { role: 'Manager' });
    await auth0.setAccess('64b0', { disabled: true });
    expect(tenant.seen).toMatchObject([
      {
        path: '/oauth/token',
        body: { grant_type: 'client_credentials', audience: `${tenant.issuer}api/v2/` },
      },
      {
        method: 'PATCH',
        path: '/api/v2/users/auth0%7C64b0',
        headers: { authorization: 'Bearer management' },
        body: { app_metadata: { role: 'Manager' } },
      },
      { body: { blocked: true } },
    ]);
  });

  it('fetches a new token before the old one expires, and when it is refused', async () => {
    tenant.answer(granted, done, granted, { status: 401 }, granted, done);
    await auth0.setAccess('64b0', { disabled: false });
    effects.advance(3_550_000);
    await auth0.setAccess('64b0', { disabled: false });
    expect(tenant.seen.map(({ path }) => path.split('/')[1])).toEqual([
      'oauth',
      'api',
      'oauth',
      'api',
      'oauth',
      'api',
    ]);
  });

  it('deletes a user, also one who is gone', async () => {
    tenant.answer(granted, { status: 204, body: '' }, { status: 404 });
    await auth0.deleteUser('64b0');
    await auth0.deleteUser('64b0');
    expect(tenant.seen.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE']);
  });

  it('does not mind a user with a record whom Auth0 does not know', async () => {
    tenant.answer(granted, { status: 404 });
    await expect(auth0.setAccess('64b0', { disabled: true })).resolves.toBeUndefined();
  });

  it('asks for a new token once when it is refused, and no more', async () => {
    tenant.answer(granted, { status: 401 }, granted, { status: 401 });
    await expect(auth0.setAccess('64b0', { disabled: true })).rejects.toThrow('401');
    expect(tenant.seen).toHaveLength(4);
  });

  it('keeps no token that it could not read or was not given', async () => {
    tenant.answer({ status: 429, body: { error: 'too_many_requests' } }, granted, done);
    await expect(auth0.setAccess('64b0', { disabled: true })).rejects.toMatchObject({
      name: 'DependencyUnavailableError',
    });
    await auth0.setAccess('64b0', { disabled: true });
    expect(tenant.seen.at(-1)?.headers).toMatchObject({ authorization: 'Bearer management' });
  });

  it('calls its rate limit an outage', async () => {
    tenant.answer(granted, { status: 429, body: { errorCode: 'too_many_requests' } });
    await expect(auth0.deleteUser('64b0')).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
  });

  it('tries over what did not answer', async () => {
    tenant.answer(granted, { status: 200, silent: true }, done);
    await auth0With(1_000).setAccess('64b0', { role: 'Admin' });
    expect(tenant.seen.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH']);
  });

  it('reports missing rights', async () => {
    tenant.answer(granted, { status: 403, body: { errorCode: 'insufficient_scope' } });
    await expect(auth0.setAccess('64b0', { disabled: true })).rejects.toThrow('403 insufficient_scope');
  });
});
