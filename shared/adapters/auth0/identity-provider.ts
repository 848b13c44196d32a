import type { Effects } from '../../effects.ts';
import type { TokenVerifier } from '../../identity/access-token.ts';
import type { IdentityProvider } from '../../identity/identity-provider.ts';
import type { Auth0Client } from '../secrets.ts';
import { changePassword } from './change-password.ts';
import { createAuth0Http } from './http.ts';
import { createManagement } from './management.ts';
import { passwordGrant } from './password-grant.ts';
import { signUp } from './sign-up.ts';

export interface Auth0Settings {
  /** The tenant's URL with a trailing slash. */
  readonly issuer: string;
  readonly audience: string;
  /** The database connection that holds the passwords. */
  readonly connection: string;
  /** Our confidential application at the tenant. */
  readonly client: () => Promise<Auth0Client>;
  readonly verifyToken: TokenVerifier;
  readonly effects: Effects;
  readonly timeoutMilliseconds?: number;
}

/** Auth0 behind the port. One file per endpoint; this one only puts them together. */
export function createAuth0(settings: Auth0Settings): IdentityProvider {
  const { issuer, audience, connection, client, verifyToken, effects, timeoutMilliseconds } = settings;
  const http = createAuth0Http({
    issuer,
    random: effects.random,
    ...(timeoutMilliseconds === undefined ? {} : { timeoutMilliseconds }),
  });
  const management = createManagement(http, { issuer, client, clock: effects.clock });
  return {
    signUp: async (credentials) =>
      signUp(http, credentials, { clientId: (await client()).clientId, connection }),
    logIn: async (credentials, ip) =>
      passwordGrant(http, credentials, ip, { client: await client(), connection, audience, verifyToken }),
    requestPasswordReset: async (email) =>
      changePassword(http, email, { clientId: (await client()).clientId, connection }),
    setAccess: (userId, { role, disabled }) => management.updateUser(userId, { role, blocked: disabled }),
    deleteUser: (userId) => management.deleteUser(userId),
  };
}
