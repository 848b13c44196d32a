import { loadSigningKey } from '../../local/auth0/signing-key.ts';
import { createTenant, tenantPath } from '../../local/auth0/tenant.ts';
import { TenantUsers } from '../../local/auth0/tenant-users.ts';
import { listen } from '../../local/http-server.ts';

/** Our application at the tenant, as the stage's secret gets it. */
export const auth0Client = { clientId: 'deployed-client', clientSecret: 'deployed-secret' } as const;
/** Another application of the same tenant: its tokens have our audience, too. */
export const otherAuth0Client = { clientId: 'other-client', clientSecret: 'other-secret' } as const;

const connection = 'Username-Password-Authentication';

export interface DeployTenant {
  /** What the stages are told by `-c auth0Issuer=…`. */
  readonly issuer: string;
  readonly users: TenantUsers;
  /** An access token of the other application for somebody who may log in. */
  foreignToken(login: { email: string; password: string; audience: string }): Promise<string>;
  stop(): Promise<void>;
}

/** Serves the project's own Auth0-compatible tenant where the deployed Lambdas reach it. */
export async function startTenant(): Promise<DeployTenant> {
  const http = await listen(0);
  const issuer = `http://127.0.0.1:${http.port}${tenantPath}`;
  const users = new TenantUsers(undefined);
  const serve = createTenant({
    issuer,
    // The Lambdas name the audience of their stage with each login.
    audience: '',
    managementAudience: `${issuer}api/v2/`,
    connection,
    ...auth0Client,
    otherClient: otherAuth0Client,
    users,
    key: await loadSigningKey(undefined),
    onPasswordReset: () => undefined,
  });
  http.serve(serve);
  return {
    issuer,
    users,
    async foreignToken({ email, password, audience }) {
      const response = await fetch(`${issuer}oauth/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          grant_type: 'http://auth0.com/oauth/grant-type/password-realm',
          client_id: otherAuth0Client.clientId,
          client_secret: otherAuth0Client.clientSecret,
          realm: connection,
          username: email,
          password,
          audience,
        }),
      });
      const body = (await response.json()) as { access_token?: string };
      if (body.access_token === undefined) throw new Error(`The tenant gave no token: ${response.status}`);
      return body.access_token;
    },
    stop: () => http.stop(),
  };
}
