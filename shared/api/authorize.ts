import type { Principal } from '../identity/principal.ts';
import { isStaff, type StoredRole } from '../identity/roles.ts';
import type { UserDirectory } from '../identity/user-directory.ts';
import type { AuthorizerContext } from './gateway-event.ts';
import { Problem } from './problem.ts';
import type { Route } from './route.ts';

const refusal = { isRefusal: true } as const;

/**
 * The one place that decides who may call what: the token must be alive, the record must agree with it,
 * and the route must grant the call. Ownership of a loaded resource is `requireOwnership`.
 * @param userIdInPath the `{userId}` of the path with `me` already resolved, if the path has one
 * @throws Problem invalid_token · account_disabled · role_mismatch · forbidden · not_found
 */
export async function authorize(
  route: Route,
  token: AuthorizerContext,
  userIdInPath: string | undefined,
  users: UserDirectory,
  now: Date,
): Promise<Principal> {
  if (token.tokenExpiresAt * 1000 <= now.getTime()) {
    throw new Problem('invalid_token', 'The token has expired.');
  }
  const user = await users.find(token.userId);
  if (!user) {
    throw new Problem('invalid_token', 'The token belongs to no account.');
  }
  if (user.disabled) {
    // Who is being erased leaves no new trace.
    const kept = user.erasureStartedAt === undefined ? refusal : {};
    throw new Problem('account_disabled', 'This account has been disabled.', kept);
  }
  if (user.role !== token.role) {
    throw new Problem(
      'role_mismatch',
      'The role in the token is not the one on record; log in again.',
      refusal,
    );
  }
  const scope = grantedScope(route, user.role, userIdInPath === user.userId);
  return { userId: user.userId, role: user.role, user, scope };
}

function grantedScope(route: Route, role: StoredRole, isSelf: boolean): Principal['scope'] {
  if (isStaff(role) && route.allow.includes(role)) {
    return 'all';
  }
  if (route.allow.includes('anyone') || route.allow.includes(role)) {
    return 'own';
  }
  if (route.allow.includes('self')) {
    if (isSelf) return 'own';
    throw new Problem('not_found', 'There is no such user.', refusal);
  }
  if (route.allow.includes('owner') && role === 'Customer') {
    return 'own';
  }
  throw new Problem('forbidden', `The role ${role} may not do this.`, refusal);
}

/**
 * Refuses another's resource as if it did not exist, so that existence is not revealed.
 * @throws Problem not_found
 */
export function requireOwnership(principal: Principal, ownerId: string, what: string): void {
  if (principal.scope === 'own' && ownerId !== principal.userId) {
    throw new Problem('not_found', `There is no such ${what}.`, refusal);
  }
}
