import * as z from 'zod';
import { nonEmpty, nonEmptyIfSet, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createTokenVerifier, type TokenVerifier } from '../../shared/identity/access-token.ts';
import { type AuthorizerAnswer, authorizerAnswer } from '../../shared/identity/authorizer-policy.ts';
import { lambdaRequestIdOf } from '../../shared/observability/invocation.ts';
import { logger } from '../../shared/observability/logger.ts';
import { safeError } from '../../shared/observability/safe-error.ts';

// Not taken from the API Lambdas' settings: that would bring their AWS clients into this small bundle.
const environment = { AUTH0_ISSUER: nonEmpty, AUTH0_AUDIENCE: nonEmpty, AUTH0_CLIENT_ID: nonEmptyIfSet };

const eventSchema = z.object({
  methodArn: z.string(),
  headers: z.record(z.string(), z.string().optional()).nullish(),
  requestContext: z.object({ requestId: z.string().optional() }).optional(),
});

let verifier: TokenVerifier | undefined;

/** Checks the bearer token. Throws when the tenant's keys cannot be had: an outage is no reason to say Deny. */
export async function handler(rawEvent: unknown, context?: unknown): Promise<AuthorizerAnswer> {
  const { methodArn, headers, requestContext } = eventSchema.parse(rawEvent);
  const authorization = Object.entries(headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'authorization',
  )?.[1];
  try {
    verifier ??= createVerifier();
    return authorizerAnswer(methodArn, await verifier(authorization ?? ''));
  } catch (thrown) {
    // Lambda writes errors down without their causes, and the cause is what an outage is mended by.
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const lambdaRequestId = lambdaRequestIdOf(context);
    logger.error('token not checked', { requestId: requestContext?.requestId, lambdaRequestId, error });
    throw safeError(error);
  }
}

function createVerifier(): TokenVerifier {
  const env = readEnvironment(environment);
  return createTokenVerifier({
    issuer: env.AUTH0_ISSUER,
    audience: env.AUTH0_AUDIENCE,
    clientId: env.AUTH0_CLIENT_ID,
    now: () => systemClock.now(),
  });
}
