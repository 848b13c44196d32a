import * as z from 'zod';
import { nonEmpty, nonEmptyIfSet, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createTokenVerifier, type TokenVerifier } from '../../shared/identity/access-token.ts';
import { type AuthorizerAnswer, authorizerAnswer } from '../../shared/identity/authorizer-policy.ts';

// Not taken from the API Lambdas' settings: that would bring their AWS clients into this small bundle.
const environment = { AUTH0_ISSUER: nonEmpty, AUTH0_AUDIENCE: nonEmpty, AUTH0_CLIENT_ID: nonEmptyIfSet };

const eventSchema = z.object({
  methodArn: z.string(),
  headers: z.record(z.string(), z.string().optional()).nullish(),
});

let verifier: TokenVerifier | undefined;

/** Checks the bearer token. Throws when the tenant's keys cannot be had: an outage is no reason to say Deny. */
export async function handler(rawEvent: unknown): Promise<AuthorizerAnswer> {
  const { methodArn, headers } = eventSchema.parse(rawEvent);
  verifier ??= createVerifier();
  const authorization = Object.entries(headers ?? {}).find(
    ([name]) => name.toLowerCase() === 'authorization',
  )?.[1];
  return authorizerAnswer(methodArn, await verifier(authorization ?? ''));
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
