import { createLocalJWKSet, exportSPKI, SignJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createTokenVerifier, roleClaim, type TokenVerifier } from '../../../shared/identity/access-token.ts';
import { startAuth0Double, testAudience, testIssuer, testSigner } from '../../support/auth0-double.ts';

type Signer = Awaited<ReturnType<typeof testSigner>>;
let signer: Signer;
let verify: TokenVerifier;
const rules = { issuer: testIssuer, audience: testAudience, now: () => new Date() };

beforeAll(async () => {
  signer = await testSigner();
  verify = createTokenVerifier(rules, signer.keys);
});

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

describe('an access token', () => {
  it('tells user, role and expiry when it is good', async () => {
    const exp = inSeconds(600);
    expect(await verify(`Bearer ${await signer.sign({ exp })}`)).toEqual({
      userId: 'user-1',
      role: 'Customer',
      tokenExpiresAt: exp,
    });
  });

  it.each(['JWT', 'at+jwt'])('may be of type %s', async (typ) => {
    expect(await verify(`Bearer ${await signer.sign({}, { header: { typ } })}`)).toBeDefined();
  });

  it('may have one audience among several', async () => {
    const aud = [testAudience, `${testIssuer}userinfo`];
    expect(await verify(`Bearer ${await signer.sign({ aud })}`)).toBeDefined();
  });

  it.each<[string, Record<string, unknown>]>([
    ['is of another issuer', { iss: 'https://evil.example/' }],
    ['is of the issuer without its slash', { iss: testIssuer.slice(0, -1) }],
    ['is for another audience, as an ID token is', { aud: 'client-id' }],
    ['has expired', { exp: inSeconds(-60) }],
    ['is not valid yet', { nbf: inSeconds(600) }],
    ['was issued without an end', { exp: undefined }],
    ['carries no role', { [roleClaim]: undefined }],
    ['carries a role that is none', { [roleClaim]: 'Root' }],
    ['names the guest', { [roleClaim]: 'Guest' }],
    ['carries the role without the namespace', { [roleClaim]: undefined, role: 'Admin' }],
    ['is of a machine', { sub: 'client@clients' }],
    ['is of another identity provider', { sub: 'google-oauth2|1' }],
    ['names nobody', { sub: undefined }],
  ])('is refused when it %s', async (_, claims) => {
    expect(await verify(`Bearer ${await signer.sign(claims)}`)).toBeUndefined();
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['of our application', { azp: 'ours' }, true],
    ['of our application by RFC 9068', { client_id: 'ours' }, true],
    ['of another application', { azp: 'theirs' }, false],
    ['of another application by RFC 9068', { client_id: 'theirs' }, false],
    ['of another application that calls itself ours too', { azp: 'theirs', client_id: 'ours' }, false],
    ['of nobody knows which application', {}, false],
  ])('%s is good where our application is known: %s', async (_, claims, good) => {
    const verifyOurs = createTokenVerifier({ ...rules, clientId: 'ours' }, signer.keys);
    expect((await verifyOurs(`Bearer ${await signer.sign(claims)}`)) !== undefined).toBe(good);
    expect(await verify(`Bearer ${await signer.sign(claims)}`)).toBeDefined();
  });

  it('is refused when it is of another type', async () => {
    expect(
      await verify(`Bearer ${await signer.sign({}, { header: { typ: 'logout+jwt' } })}`),
    ).toBeUndefined();
  });

  it('is refused without a signature (alg none)', async () => {
    const [, payload] = (await signer.sign({ [roleClaim]: 'Admin' })).split('.');
    for (const alg of ['none', 'None', 'NONE']) {
      const header = encode({ alg, typ: 'JWT', kid: 'key-1' });
      expect(await verify(`Bearer ${header}.${payload}.`)).toBeUndefined();
      expect(await verify(`Bearer ${header}.${payload}.AA`)).toBeUndefined();
    }
  });

  it('is refused when it is an HMAC keyed with the public key', async () => {
    const secret = new TextEncoder().encode(await exportSPKI(signer.publicKey));
    const forged = await new SignJWT({
      iss: testIssuer,
      aud: testAudience,
      sub: 'auth0|user-1',
      [roleClaim]: 'Admin',
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'key-1' })
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(secret);
    expect(await verify(`Bearer ${forged}`)).toBeUndefined();
  });

  it('is refused when a foreign key signed it under our key id', async () => {
    const foreign = await testSigner('key-1');
    expect(await verify(`Bearer ${await foreign.sign()}`)).toBeUndefined();
  });

  it('is refused when it brings its own key', async () => {
    const foreign = await testSigner('key-2');
    const token = await foreign.sign({}, { header: { jwk: foreign.jwk } });
    expect(await verify(`Bearer ${token}`)).toBeUndefined();
  });

  it.each(['jku', 'x5u'])(
    'is refused when it points at its own keys with %s, which nobody fetches',
    async (name) => {
      const attacker = await startAuth0Double();
      try {
        const foreign = await testSigner('key-2');
        attacker.answer({ status: 200, body: { keys: [foreign.jwk] } });
        const header = { [name]: `${attacker.issuer}keys.json` };
        expect(await verify(`Bearer ${await foreign.sign({}, { header })}`)).toBeUndefined();
        expect(
          await verify(`Bearer ${await (await testSigner('key-1')).sign({}, { header })}`),
        ).toBeUndefined();
        expect(attacker.seen).toEqual([]);
      } finally {
        await attacker.stop();
      }
    },
  );

  it.each([
    ['expired some seconds ago', { exp: -2 }, true],
    ['expired longer ago', { exp: -7 }, false],
    ['becomes valid within five seconds', { nbf: 4 }, true],
    ['becomes valid later', { nbf: 8 }, false],
  ])('that %s by our clock, %j, is accepted: %s', async (_, times, accepted) => {
    const claims = Object.fromEntries(
      Object.entries(times).map(([name, seconds]) => [name, inSeconds(seconds)]),
    );
    expect((await verify(`Bearer ${await signer.sign(claims)}`)) !== undefined).toBe(accepted);
  });

  it('is refused when its payload was changed', async () => {
    const [header, , signature] = (await signer.sign()).split('.');
    const payload = encode({ iss: testIssuer, aud: testAudience, sub: 'auth0|x', [roleClaim]: 'Admin' });
    expect(await verify(`Bearer ${header}.${payload}.${signature}`)).toBeUndefined();
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic YTpi', 'Bearer a.b', 'Bearer a.b.c.d.e', 'Bearer a.b.c'])(
    'is not found in "%s"',
    async (authorization) => {
      expect(await verify(authorization)).toBeUndefined();
    },
  );

  it('must follow the word Bearer', async () => {
    expect(await verify(await signer.sign())).toBeUndefined();
  });
});

describe("the tenant's keys", () => {
  it('are fetched once for many tokens', async () => {
    const tenant = await startAuth0Double();
    try {
      tenant.answer({ status: 200, body: { keys: [signer.jwk] } });
      const verifyRemote = createTokenVerifier({ ...rules, issuer: tenant.issuer });
      const token = await signer.sign({ iss: tenant.issuer });
      for (let time = 0; time < 3; time += 1) expect(await verifyRemote(`Bearer ${token}`)).toBeDefined();
      expect(tenant.seen.map(({ path }) => path)).toEqual(['/.well-known/jwks.json']);
    } finally {
      await tenant.stop();
    }
  });

  it.each([
    ['answers 500', { status: 500 }],
    ['answers no JSON', { status: 200, body: '<html>' }],
    ['answers no key set', { status: 200, body: { hello: 1 } }],
  ])('cannot be had while the tenant %s, which is an outage and no refusal', async (_, answer) => {
    const tenant = await startAuth0Double();
    try {
      tenant.answer(answer);
      const verifyRemote = createTokenVerifier({ ...rules, issuer: tenant.issuer });
      await expect(verifyRemote(`Bearer ${await signer.sign()}`)).rejects.toMatchObject({
        name: 'DependencyUnavailableError',
      });
    } finally {
      await tenant.stop();
    }
  });

  it('cannot be had from a tenant that is not there', async () => {
    const verifyRemote = createTokenVerifier({ ...rules, issuer: 'http://127.0.0.1:9/' });
    await expect(verifyRemote(`Bearer ${await signer.sign()}`)).rejects.toMatchObject({
      dependency: 'Auth0',
    });
  });

  it('that do not hold the key of a token are a refusal', async () => {
    const other = await testSigner('key-9');
    const verifyOther = createTokenVerifier(rules, createLocalJWKSet({ keys: [other.jwk] }));
    expect(await verifyOther(`Bearer ${await signer.sign()}`)).toBeUndefined();
  });
});
