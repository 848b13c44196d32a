import * as z from 'zod';
import { DependencyUnavailableError } from '../../errors.ts';
import type { TokenVerifier } from '../../identity/access-token.ts';
import type { Credentials, LogInResult } from '../../identity/identity-provider.ts';
import type { Auth0Client } from '../secrets.ts';
import type { Auth0Http, Auth0Response } from './http.ts';
import { Auth0RefusalError, readSuccess, refusalOf, unexpectedRefusal } from './refusal.ts';

const grantedSchema = z.object({ access_token: z.string(), expires_in: z.int().positive() });

/**
 * Shields of the tenant: the account is blocked for this address, is logged in too often, or the request looks
 * like a bot's. To the person all mean: not now.
 */
const shields = ['too_many_attempts', 'too_many_logins', 'requires_verification'];

/** Where Auth0 does not say when an account unlocks. */
const defaultLockSeconds = 60;

/** POST /oauth/token with the password-realm grant; the token is verified before anyone gets it. */
export async function passwordGrant(
  http: Auth0Http,
  { email, password }: Credentials,
  ip: string,
  settings: { client: Auth0Client; connection: string; audience: string; verifyToken: TokenVerifier },
): Promise<LogInResult> {
  const { client, connection, audience, verifyToken } = settings;
  const response = await http({
    method: 'POST',
    path: 'oauth/token',
    // Else the tenant's attack protection would count all customers as this Lambda's address.
    headers: { 'auth0-forwarded-for': ip },
    body: {
      grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
      client_id: client.clientId,
      client_secret: client.clientSecret,
      audience,
      realm: connection,
      scope: 'openid',
      username: email,
      password,
    },
  });
  return response.status < 300 ? await accept(response, verifyToken) : refuse(response);
}

async function accept(response: Auth0Response, verifyToken: TokenVerifier): Promise<LogInResult> {
  const granted = readSuccess(grantedSchema, 'a login', response);
  const { access_token: token, expires_in: expiresIn } = granted;
  const context = await verifyToken(`Bearer ${token}`);
  if (!context) {
    throw new Auth0RefusalError('Auth0 gave a token that does not verify: check audience and the role claim');
  }
  return { kind: 'accepted', token, expiresIn, userId: context.userId, role: context.role };
}

function refuse(response: Auth0Response): LogInResult {
  const { error, errorCode, error_description: description = '' } = refusalOf(response);
  if (error === 'too_many_requests' || errorCode === 'too_many_requests') {
    // The tenant as a whole is busy; no account is locked.
    throw new DependencyUnavailableError('Auth0', unexpectedRefusal('a login', response));
  }
  if (isAttackProtection(error) || response.status === 429) {
    return { kind: 'locked', retryAfterSeconds: retryAfterSeconds(response) };
  }
  // Auth0 has no code of its own for a blocked user; the wording is the only sign.
  if (error === 'unauthorized' && /\bblocked\b/i.test(description)) {
    return { kind: 'blocked' };
  }
  // A leaked password is right, but must be reset before it opens anything.
  if (error === 'invalid_grant' || error === 'invalid_user_password' || error === 'password_leaked') {
    return { kind: 'refused' };
  }
  throw unexpectedRefusal('a login', response);
}

function retryAfterSeconds({ headers }: Auth0Response): number {
  const seconds = Number(headers.get('retry-after'));
  return Number.isInteger(seconds) && seconds > 0 ? seconds : defaultLockSeconds;
}

function isAttackProtection(error: string | undefined): boolean {
  return error !== undefined && shields.includes(error);
}
