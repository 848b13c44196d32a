import type { Principal } from '../../../shared/identity/principal.ts';
import { newUser, type User, userSchema } from '../../../shared/identity/user.ts';
import type { Caller } from '../../../shared/identity/user-ports.ts';

/** A customer who has just registered; through the schema, so that no test invents an impossible record. */
export function aUser(overrides: Partial<User> = {}): User {
  const userId = overrides.userId ?? 'user-1';
  const at = '2026-01-01T00:00:00.000Z';
  const known = { userId, username: `name-of-${userId}`, email: `${userId}@example.com` };
  return userSchema.parse({ ...newUser({ ...known, role: 'Customer', region: 'US', at }), ...overrides });
}

export function anAddress(overrides: Partial<User['addresses'][number]> = {}) {
  return {
    label: 'home',
    line1: '1 Main St',
    city: 'Springfield',
    zip: '12345',
    country: 'US',
    ...overrides,
  };
}

/** A request from a browser, by this user if one is given. */
export function aCaller(user: User, client?: Partial<Caller['client']>): Caller & { principal: Principal };
export function aCaller(user?: undefined, client?: Partial<Caller['client']>): Caller;
export function aCaller(user?: User, client: Partial<Caller['client']> = {}): Caller {
  return {
    ...(user ? { principal: { userId: user.userId, role: user.role, user, scope: 'own' } } : {}),
    client: { ip: '203.0.113.7', region: 'US', userAgent: 'test', ...client },
    requestId: 'request-1',
  };
}
