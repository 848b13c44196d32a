import { setTimeout as sleep } from 'node:timers/promises';
import { apiEnvironment, createApiPorts, tokenEnvironment } from '../../shared/adapters/api-ports.ts';
import { createAuth0 } from '../../shared/adapters/auth0/identity-provider.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createUserStore } from '../../shared/adapters/dynamodb/user-store.ts';
import { createKinesisBatch } from '../../shared/adapters/kinesis-batch.ts';
import { createLoginProtection, loginEnvironment } from '../../shared/adapters/login-protection.ts';
import { createPrivacy, privacyEnvironment } from '../../shared/adapters/privacy.ts';
import { auth0ClientSchema, createSecretReader, createSecretsClient } from '../../shared/adapters/secrets.ts';
import {
  createCheckoutResumer,
  createWorkflowClient,
} from '../../shared/adapters/step-functions/resume-checkouts.ts';
import { createApiHandler } from '../../shared/api/dispatch.ts';
import { flag, nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createTokenVerifier } from '../../shared/identity/access-token.ts';
import { createUserOperations } from '../../shared/identity/user-operations.ts';
import { userRoutes } from '../../shared/identity/user-routes.ts';

const environment = {
  ...apiEnvironment,
  ...tokenEnvironment,
  ...loginEnvironment,
  ...privacyEnvironment,
  ANALYTICS_STREAM_NAME: nonEmpty,
  AUTH0_CONNECTION: nonEmpty,
  AUTH0_SECRET_ARN: nonEmpty,
  DISCLOSE_IDENTITY: flag,
};

export const handler = createApiHandler(userRoutes, () => {
  const env = readEnvironment(environment);
  const effects = systemEffects();
  const now = () => effects.clock.now();
  const client = dynamo();
  const apiPorts = createApiPorts(client, env, effects);
  const retry = { random: effects.random, sleep };
  const store = createUserStore(client, { users: env.USERS_TABLE, audit: env.AUDIT_TABLE }, retry);
  const secrets = createSecretsClient();
  const identityProvider = createAuth0({
    issuer: env.AUTH0_ISSUER,
    audience: env.AUTH0_AUDIENCE,
    connection: env.AUTH0_CONNECTION,
    client: createSecretReader(secrets, env.AUTH0_SECRET_ARN, auth0ClientSchema, now),
    verifyToken: createTokenVerifier({
      issuer: env.AUTH0_ISSUER,
      audience: env.AUTH0_AUDIENCE,
      clientId: env.AUTH0_CLIENT_ID,
      now,
    }),
    effects,
  });
  const workflow = createWorkflowClient();
  const resumer = createCheckoutResumer(client, env.ORDERS_TABLE, workflow);
  const privacy = createPrivacy(client, workflow, env, retry);
  const stream = createKinesisBatch(env.ANALYTICS_STREAM_NAME, sleep);
  const protection = createLoginProtection(client, secrets, env, effects.clock);
  const ports = {
    store,
    identityProvider,
    audit: apiPorts.audit,
    resumer,
    protection,
    privacy,
    stream,
    effects,
  };
  return {
    operations: createUserOperations(ports, { discloseIdentity: env.DISCLOSE_IDENTITY }),
    ports: { ...apiPorts, users: store },
  };
});
