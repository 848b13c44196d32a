import * as z from 'zod';
import type { Clock } from '../../effects.ts';
import { DependencyUnavailableError } from '../../errors.ts';
import { logger } from '../../observability/logger.ts';
import type { Auth0Client } from '../secrets.ts';
import type { Auth0Http, Auth0Request, Auth0Response } from './http.ts';
import { readSuccess, unexpectedRefusal } from './refusal.ts';

export interface ManagementSettings {
  readonly issuer: string;
  readonly client: () => Promise<Auth0Client>;
  readonly clock: Clock;
}

/** Calls on one user of the Management API v2, with a token that is kept until shortly before it expires. */
export interface Management {
  updateUser(
    userId: string,
    changes: { role?: string | undefined; blocked?: boolean | undefined },
  ): Promise<void>;
  deleteUser(userId: string): Promise<void>;
}

const tokenSchema = z.object({ access_token: z.string(), expires_in: z.int().positive() });
const renewalMarginMilliseconds = 60_000;

export function createManagement(http: Auth0Http, { issuer, client, clock }: ManagementSettings): Management {
  let kept: { token: string; until: number } | undefined;

  const fetchToken = async () => {
    const { clientId, clientSecret } = await client();
    const response = await http({
      method: 'POST',
      path: 'oauth/token',
      body: {
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        audience: new URL('api/v2/', issuer).href,
      },
    });
    if (response.status >= 300) throw refused('a management token', response);
    const granted = readSuccess(tokenSchema, 'a management token', response);
    const { access_token: token, expires_in: seconds } = granted;
    kept = { token, until: clock.now().getTime() + seconds * 1000 - renewalMarginMilliseconds };
    return token;
  };

  const call = async (request: Auth0Request): Promise<Auth0Response> => {
    const token = kept && clock.now().getTime() < kept.until ? kept.token : await fetchToken();
    const response = await http({ ...request, headers: { Authorization: `Bearer ${token}` } });
    if (response.status !== 401) return response;
    // The tenant's keys or grants have changed; the kept token is worth nothing.
    return http({ ...request, headers: { Authorization: `Bearer ${await fetchToken()}` } });
  };

  return {
    async updateUser(userId, { role, blocked }) {
      const response = await call({
        method: 'PATCH',
        path: userPath(userId),
        body: {
          ...(role === undefined ? {} : { app_metadata: { role } }),
          ...(blocked === undefined ? {} : { blocked }),
        },
      });
      if (response.status === 404) {
        // Who is not at Auth0 cannot log in, so no token can disagree with the record.
        logger.warn('a user with a record is not known to Auth0', { userId });
      } else if (response.status >= 300) {
        throw refused('an update of a user', response);
      }
    },
    async deleteUser(userId) {
      const response = await call({ method: 'DELETE', path: userPath(userId) });
      if (response.status >= 300 && response.status !== 404) throw refused('a deletion', response);
    },
  };
}

function userPath(userId: string): string {
  return `api/v2/users/${encodeURIComponent(`auth0|${userId}`)}`;
}

function refused(what: string, response: Auth0Response): Error {
  const refusal = unexpectedRefusal(what, response);
  return response.status === 429 ? new DependencyUnavailableError('Auth0', refusal) : refusal;
}
