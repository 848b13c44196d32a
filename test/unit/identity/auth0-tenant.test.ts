import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSigningKey } from '../../../local/auth0/signing-key.ts';
import { createTenant } from '../../../local/auth0/tenant.ts';
import { TenantUsers } from '../../../local/auth0/tenant-users.ts';
import { createAuth0 } from '../../../shared/adapters/auth0/identity-provider.ts';
import { createTokenVerifier } from '../../../shared/identity/access-token.ts';
import type { IdentityProvider } from '../../../shared/identity/identity-provider.ts';
import { testEffects } from '../../support/effects.ts';

/** The adapter over HTTP against the tenant of the local runtime: the two must understand each other. */
const audience = 'https://api.example';
const connection = 'passwords';
const password = 'Passw0rd!long';
const ours = { clientId: 'ours', clientSecret: 'our secret' };
const theirs = { clientId: 'theirs', clientSecret: 'their secret' };
const ip = '203.0.113.7';

let server: Server;
let issuer: string;
let auth0: IdentityProvider;
const resets: string[] = [];
let people = 0;

interface Setting {
  client?: { clientId: string; clientSecret: string };
  realm?: string;
  at?: string;
}

const adapter = ({ client = ours, realm = connection, at = issuer }: Setting = {}) =>
  createAuth0({
    issuer: at,
    audience,
    connection: realm,
    client: async () => client,
    verifyToken: createTokenVerifier({
      issuer: at,
      audience,
      clientId: ours.clientId,
      now: () => new Date(),
    }),
    effects: testEffects(),
    timeoutMilliseconds: 2_000,
  });

beforeAll(async () => {
  const key = await loadSigningKey(undefined);
  const ready = Promise.withResolvers<ReturnType<typeof createTenant>>();
  server = createServer(async (request, response) => (await ready.promise)(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as { port: number }).port}/_auth0/`;
  ready.resolve(
    createTenant({
      issuer,
      audience,
      managementAudience: `${issuer}api/v2/`,
      connection,
      ...ours,
      otherClient: theirs,
      users: new TenantUsers(undefined),
      key,
      onPasswordReset: (email) => resets.push(email),
    }),
  );
  auth0 = adapter();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function aPerson() {
  people += 1;
  const email = `person-${people}@example.com`;
  const result = await auth0.signUp({ email, password });
  if (result.kind !== 'created') throw new Error(result.kind);
  return { email, userId: result.userId };
}
const logIn = (email: string, given = password) => auth0.logIn({ email, password: given }, ip);

describe('the Auth0 adapter at the local tenant', () => {
  it('signs up, logs in with the same id, and has the token verified', async () => {
    const { email, userId } = await aPerson();
    expect(await logIn(email)).toEqual({
      kind: 'accepted',
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      expiresIn: 86_400,
      userId,
      role: 'Customer',
    });
    expect(await logIn(email.toUpperCase())).toMatchObject({ kind: 'accepted', userId });
  });

  it('tells a taken address and a weak password apart', async () => {
    const { email } = await aPerson();
    expect(await auth0.signUp({ email, password })).toEqual({ kind: 'exists' });
    expect(await auth0.signUp({ email: 'new@example.com', password: 'weak' })).toEqual({
      kind: 'weak_password',
    });
  });

  it('tells a wrong password and an unknown address alike', async () => {
    const { email } = await aPerson();
    expect(await logIn(email, 'Wr0ng!password')).toEqual({ kind: 'refused' });
    expect(await logIn('nobody@example.com')).toEqual({ kind: 'refused' });
  });

  it('changes the role that the next token carries, and leaves the block alone', async () => {
    const { email, userId } = await aPerson();
    await auth0.setAccess(userId, { role: 'Manager' });
    expect(await logIn(email)).toMatchObject({ kind: 'accepted', role: 'Manager' });
    await auth0.setAccess(userId, { disabled: true });
    await auth0.setAccess(userId, { role: 'Admin' });
    expect(await logIn(email)).toEqual({ kind: 'blocked' });
  });

  it('blocks, and lets in again with the role of before', async () => {
    const { email, userId } = await aPerson();
    await auth0.setAccess(userId, { role: 'Manager' });
    for (const [disabled, kind] of [
      [true, 'blocked'],
      [true, 'blocked'],
      [false, 'accepted'],
    ] as const) {
      await auth0.setAccess(userId, { disabled });
      expect((await logIn(email)).kind).toBe(kind);
    }
    expect(await logIn(email)).toMatchObject({ role: 'Manager' });
  });

  it('deletes, repeatedly, and takes a change of who is gone for done', async () => {
    const { email, userId } = await aPerson();
    for (let time = 0; time < 2; time += 1) await auth0.deleteUser(userId);
    await auth0.setAccess(userId, { role: 'Manager' });
    expect(await logIn(email)).toEqual({ kind: 'refused' });
    expect(await auth0.signUp({ email, password })).toMatchObject({ kind: 'created' });
  });

  it('has the reset mail sent to who is known, and is silent about who is not', async () => {
    const { email } = await aPerson();
    await auth0.requestPasswordReset(email);
    await auth0.requestPasswordReset('nobody@example.com');
    expect(resets).toEqual([email]);
  });

  it('takes no token that another application got', async () => {
    const { email } = await aPerson();
    const failure = adapter({ client: theirs }).logIn({ email, password }, ip);
    await expect(failure).rejects.toMatchObject({ name: 'Auth0RefusalError' });
  });

  it.each<[string, Setting]>([
    ['secret', { client: { ...ours, clientSecret: 'guessed' } }],
    ['connection', { realm: 'another' }],
  ])('takes a wrong %s for a wrong setting or a refusal, never for a login', async (_, setting) => {
    const { email } = await aPerson();
    const kind = await adapter(setting)
      .logIn({ email, password }, ip)
      .then(
        (result) => result.kind,
        ({ name }: Error) => name,
      );
    expect(['refused', 'Auth0RefusalError']).toContain(kind);
  });

  it('calls a tenant that is not there an outage', async () => {
    const nobody = adapter({ at: 'http://127.0.0.1:9/' });
    await expect(nobody.logIn({ email: 'ann@example.com', password }, ip)).rejects.toMatchObject({
      name: 'DependencyUnavailableError',
      dependency: 'Auth0',
    });
  });
});
