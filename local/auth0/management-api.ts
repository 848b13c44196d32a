import { z } from 'zod';
import type { TenantContext } from './tenant.ts';
import { answer, managementError, type TenantAnswer } from './tenant-answer.ts';
import type { TenantUser } from './tenant-users.ts';

export interface ManagementRequest {
  readonly method: string;
  /** Decoded, e.g. `auth0|65f…`. */
  readonly userId: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const patchSchema = z.object({
  app_metadata: z.record(z.string(), z.unknown()).optional(),
  blocked: z.boolean().optional(),
  email: z.email().optional(),
  password: z.string().optional(),
});

/** /api/v2/users/{id}: GET, PATCH (app_metadata is merged, null removes a key), DELETE. */
export async function manageUser(context: TenantContext, request: ManagementRequest): Promise<TenantAnswer> {
  if (!(await isAuthorized(context, request.authorization)))
    return managementError(401, 'Unauthorized', 'Invalid token', 'invalid_token');
  const id = request.userId.replace(/^auth0\|/, '');
  const user = context.users.find(id);
  if (request.method === 'DELETE') {
    context.users.delete(id);
    return answer(204, undefined);
  }
  if (!user) return managementError(404, 'Not Found', 'The user does not exist.', 'inexistent_user');
  if (request.method === 'GET') return answer(200, profile(user));
  if (request.method !== 'PATCH') return managementError(404, 'Not Found', 'Not Found', 'not_found');

  const parsed = patchSchema.safeParse(request.body);
  if (!parsed.success)
    return managementError(400, 'Bad Request', z.prettifyError(parsed.error), 'invalid_body');
  const { app_metadata, blocked, email, password } = parsed.data;
  if (password !== undefined) await context.users.setPassword(user, password);
  const changed = context.users.update(context.users.find(id) ?? user, {
    ...(blocked === undefined ? {} : { blocked }),
    ...(email === undefined ? {} : { email: email.toLowerCase() }),
    ...(app_metadata ? { appMetadata: merged(user.appMetadata, app_metadata) } : {}),
  });
  return answer(200, profile(changed));
}

function merged(stored: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...stored, ...change }).filter(([, value]) => value !== null));
}

async function isAuthorized(context: TenantContext, authorization = ''): Promise<boolean> {
  try {
    await context.key.verify(
      authorization.replace(/^Bearer /i, ''),
      context.issuer,
      context.managementAudience,
    );
    return true;
  } catch {
    return false;
  }
}

function profile(user: TenantUser): object {
  return {
    user_id: `auth0|${user.id}`,
    email: user.email,
    email_verified: false,
    blocked: user.blocked,
    app_metadata: user.appMetadata,
    identities: [
      {
        connection: 'Username-Password-Authentication',
        provider: 'auth0',
        user_id: user.id,
        isSocial: false,
      },
    ],
    created_at: user.createdAt,
  };
}
