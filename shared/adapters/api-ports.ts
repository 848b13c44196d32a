import type { ApiPorts } from '../api/dispatch.ts';
import { nonEmpty, nonEmptyIfSet } from '../config/environment.ts';
import type { Effects } from '../effects.ts';
import { createTokenVerifier } from '../identity/access-token.ts';
import { createAuditTrail } from './dynamodb/audit-trail.ts';
import type { Dynamo } from './dynamodb/client.ts';
import { createRateLimiter } from './dynamodb/rate-limiter.ts';
import { createUserDirectory } from './dynamodb/user-directory.ts';

/** Settings that every API Lambda has. */
export const apiEnvironment = {
  USERS_TABLE: nonEmpty,
  AUDIT_TABLE: nonEmpty,
  IDEMPOTENCY_TABLE: nonEmpty,
};

/** Further settings of the API Lambdas with routes that read a token without asking for one. */
export const tokenEnvironment = {
  AUTH0_ISSUER: nonEmpty,
  AUTH0_AUDIENCE: nonEmpty,
  AUTH0_CLIENT_ID: nonEmptyIfSet,
};

interface ApiSettings {
  USERS_TABLE: string;
  AUDIT_TABLE: string;
  IDEMPOTENCY_TABLE: string;
  AUTH0_ISSUER?: string;
  AUTH0_AUDIENCE?: string;
  AUTH0_CLIENT_ID?: string | undefined;
}

/** The dispatcher's ports over DynamoDB; with Auth0 settings, also the check of optional tokens. */
export function createApiPorts(client: Dynamo, settings: ApiSettings, effects: Effects): ApiPorts {
  const { AUTH0_ISSUER: issuer, AUTH0_AUDIENCE: audience, AUTH0_CLIENT_ID: clientId } = settings;
  const now = () => effects.clock.now();
  return {
    users: createUserDirectory(client, settings.USERS_TABLE),
    audit: createAuditTrail(client, settings.AUDIT_TABLE),
    limiter: createRateLimiter(client, settings.IDEMPOTENCY_TABLE),
    effects,
    ...(issuer && audience ? { verifyToken: createTokenVerifier({ issuer, audience, clientId, now }) } : {}),
  };
}
