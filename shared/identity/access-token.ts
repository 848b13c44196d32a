import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';
import * as z from 'zod';
import type { AuthorizerContext } from '../api/gateway-event.ts';
import { DependencyUnavailableError } from '../errors.ts';
import { storedRoleSchema } from './roles.ts';

/** The namespaced claim that the tenant's post-login Action writes (Auth0 drops bare custom claims). */
export const roleClaim = 'https://storefront.dev/role';

/** Checks an Authorization header's value; undefined for whatever is not a good bearer token of ours. */
export type TokenVerifier = (authorization: string) => Promise<AuthorizerContext | undefined>;

export interface TokenRules {
  /** The tenant's URL with a trailing slash, exactly as the `iss` claim has it. */
  readonly issuer: string;
  readonly audience: string;
  /** Our application at the tenant: given, a token that another one got is not good here. */
  readonly clientId?: string | undefined;
  readonly now: () => Date;
}

const claimsSchema = z.object({
  sub: z.string().regex(/^auth0\|.+/),
  exp: z.number(),
  [roleClaim]: storedRoleSchema,
  azp: z.string().optional(),
  client_id: z.string().optional(),
});

const clockToleranceSeconds = 5;
/** Auth0's own profile says JWT, its RFC 9068 profile at+jwt; a logout token or the like says something else. */
const tokenTypes: readonly unknown[] = [undefined, 'JWT', 'at+jwt', 'application/at+jwt'];

/**
 * A verifier by RFC 9068 and Auth0's rules for access tokens: RS256 alone, issuer, audience and times
 * checked, keys by `kid` from the tenant's JWKS and never from the token's own header.
 * The verifier throws DependencyUnavailableError when the keys cannot be had.
 */
export function createTokenVerifier(
  rules: TokenRules,
  keys: JWTVerifyGetKey = remoteKeys(rules),
): TokenVerifier {
  return async (authorization) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      return undefined;
    }
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        issuer: rules.issuer,
        audience: rules.audience,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: clockToleranceSeconds,
        currentDate: rules.now(),
      });
      if (!tokenTypes.includes(protectedHeader.typ)) {
        return undefined;
      }
      const claims = claimsSchema.parse(payload);
      // Auth0's own profile says azp, its RFC 9068 profile client_id. Another application of the tenant may
      // have let the person in without our code, CAPTCHA and locks.
      if (rules.clientId !== undefined && (claims.azp ?? claims.client_id) !== rules.clientId) {
        return undefined;
      }
      return {
        userId: claims.sub.slice('auth0|'.length),
        role: claims[roleClaim],
        tokenExpiresAt: claims.exp,
      };
    } catch (error) {
      if (isKeyFetchFailure(error)) {
        throw new DependencyUnavailableError('Auth0', error);
      }
      return undefined;
    }
  };
}

/** The tenant's keys: fetched once, kept, and asked for again (at most every 30 s) when an unknown `kid` comes. */
function remoteKeys({ issuer }: TokenRules): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL('.well-known/jwks.json', issuer), {
    timeoutDuration: 3_000,
    cooldownDuration: 30_000,
    cacheMaxAge: 3_600_000,
  });
}

/** Not the token's fault: the caller must see an outage, not a refusal. */
function isKeyFetchFailure(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_JWKS_TIMEOUT' || code === 'ERR_JWKS_INVALID' || code === 'ERR_JOSE_GENERIC';
}
