import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { JsonFile } from '../json-file.ts';

const algorithm = 'RS256';
export const privateJwkSchema = z.looseObject({
  kty: z.literal('RSA'),
  kid: z.string(),
  n: z.string(),
  e: z.string(),
});
export type PrivateJwk = z.infer<typeof privateJwkSchema>;

/** The tenant's key: signs access tokens, and tells the public half. */
export interface SigningKey {
  readonly publicJwks: { readonly keys: readonly JWK[] };
  sign(claims: Record<string, unknown>, expiresInSeconds: number): Promise<string>;
  /** Claims of a token for the audience; rejects what is not valid. */
  verify(token: string, issuer: string, audience: string): Promise<Record<string, unknown>>;
}

/** Loads the key from its file, or makes a new one. */
export async function loadSigningKey(file: JsonFile<PrivateJwk> | undefined): Promise<SigningKey> {
  const stored = file?.read() ?? (await generate());
  file?.write(stored);
  const { kid, kty, n, e } = stored;
  const publicJwk = { kty, n, e, kid, use: 'sig', alg: algorithm };
  const privateKey = await asKey(stored);
  const publicKey = await asKey(publicJwk);
  return {
    publicJwks: { keys: [publicJwk] },
    sign: (claims, expiresInSeconds) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, kid, typ: 'JWT' })
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + expiresInSeconds)
        .sign(privateKey),
    verify: async (token, issuer, audience) =>
      (await jwtVerify(token, publicKey, { issuer, audience, algorithms: [algorithm] })).payload,
  };
}

async function generate(): Promise<PrivateJwk> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return privateJwkSchema.parse({ ...(await exportJWK(privateKey)), kid: crypto.randomUUID() });
}

async function asKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm);
  if (key instanceof Uint8Array) throw new Error('The signing key is not an RSA key.');
  return key;
}
