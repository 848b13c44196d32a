import { describe, expect, test } from 'vitest';
import { auditRefusal } from '../../../shared/api/audit-refusal.ts';
import { authorize, requireOwnership } from '../../../shared/api/authorize.ts';
import { Problem } from '../../../shared/api/problem.ts';
import type { Grant, Route } from '../../../shared/api/route.ts';
import type { StoredRole } from '../../../shared/identity/roles.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { memoryApiPorts } from '../../support/memory-api.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const alive = now.getTime() / 1000 + 60;
const users = {
  Customer: aUser({ userId: 'customer', role: 'Customer' }),
  Manager: aUser({ userId: 'manager', role: 'Manager' }),
  Admin: aUser({ userId: 'admin', role: 'Admin' }),
};
const directory = (...known: ReturnType<typeof aUser>[]) => ({
  find: async (userId: string) => known.find((user) => user.userId === userId),
});
const routeFor = (...allow: Grant[]): Route => ({
  domain: 'user',
  method: 'GET',
  path: '/user/{userId}',
  summary: '',
  allow,
  success: { status: 204 },
  throttle: { rate: 1, burst: 1 },
});

async function outcome(call: Promise<{ scope: string }>): Promise<string> {
  try {
    return (await call).scope;
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
}

describe('whoever calls', () => {
  const call = (token: { userId?: string; role?: string; tokenExpiresAt?: number }, user = users.Customer) =>
    outcome(
      authorize(
        routeFor('Customer'),
        { userId: 'customer', role: 'Customer', tokenExpiresAt: alive, ...token },
        undefined,
        directory(user),
        now,
      ),
    );

  test('needs a token that is alive at this very moment', async () => {
    const seconds = now.getTime() / 1000;
    expect(await call({ tokenExpiresAt: seconds - 1 })).toBe('invalid_token');
    expect(await call({ tokenExpiresAt: seconds })).toBe('invalid_token');
    expect(await call({ tokenExpiresAt: seconds + 1 })).toBe('own');
  });

  test('is refused without a new trace while their account is being erased', async () => {
    const refusalOf = (user: ReturnType<typeof aUser>) =>
      authorize(
        routeFor('Customer'),
        { userId: 'customer', role: 'Customer', tokenExpiresAt: alive },
        undefined,
        directory(user),
        now,
      ).catch((error: unknown) => error);
    const disabled = { ...users.Customer, disabled: true };
    expect(await refusalOf(disabled)).toMatchObject({
      code: 'account_disabled',
      options: { isRefusal: true },
    });
    const leaving = await refusalOf({ ...disabled, erasureStartedAt: now.toISOString() });
    expect(leaving).toMatchObject({ code: 'account_disabled' });
    expect(leaving).not.toHaveProperty('options.isRefusal');
  });

  test('needs an account', async () => {
    expect(await call({ userId: 'nobody' })).toBe('invalid_token');
  });

  test('needs one that is not disabled, even with the right role', async () => {
    expect(await call({}, { ...users.Customer, disabled: true })).toBe('account_disabled');
  });

  test.each(['Admin', 'Manager', 'Guest', 'customer', 'constructor'])(
    'with the role %s in the token of a customer is refused',
    async (role) => {
      expect(await call({ role })).toBe('role_mismatch');
    },
  );

  test('that has been made staff must log in again too', async () => {
    expect(await call({ role: 'Customer' }, { ...users.Customer, role: 'Admin' })).toBe('role_mismatch');
  });
});

describe('who may call what', () => {
  type Row = [Grant[], Record<StoredRole, string>, { ofSelf: Record<StoredRole, string> }?];
  const rows: Row[] = [
    [['anyone'], { Customer: 'own', Manager: 'own', Admin: 'own' }],
    [['Customer'], { Customer: 'own', Manager: 'forbidden', Admin: 'forbidden' }],
    [['Manager', 'Admin'], { Customer: 'forbidden', Manager: 'all', Admin: 'all' }],
    [['Admin'], { Customer: 'forbidden', Manager: 'forbidden', Admin: 'all' }],
    [['Customer', 'Manager', 'Admin'], { Customer: 'own', Manager: 'all', Admin: 'all' }],
    [['owner'], { Customer: 'own', Manager: 'forbidden', Admin: 'forbidden' }],
    [['owner', 'Manager', 'Admin'], { Customer: 'own', Manager: 'all', Admin: 'all' }],
    [
      ['self'],
      { Customer: 'not_found', Manager: 'not_found', Admin: 'not_found' },
      { ofSelf: { Customer: 'own', Manager: 'own', Admin: 'own' } },
    ],
    [
      ['self', 'Admin'],
      { Customer: 'not_found', Manager: 'not_found', Admin: 'all' },
      { ofSelf: { Customer: 'own', Manager: 'own', Admin: 'all' } },
    ],
    [[], { Customer: 'forbidden', Manager: 'forbidden', Admin: 'forbidden' }],
  ];

  test.each(rows)('%j', async (allow, ofOthers, special) => {
    for (const role of ['Customer', 'Manager', 'Admin'] as const) {
      const user = users[role];
      const token = { userId: user.userId, role, tokenExpiresAt: alive };
      const call = (userIdInPath: string) =>
        outcome(authorize(routeFor(...allow), token, userIdInPath, directory(user), now));
      expect(await call('somebody-else')).toBe(ofOthers[role]);
      expect(await call(user.userId)).toBe((special?.ofSelf ?? ofOthers)[role]);
    }
  });
});

describe('what belongs to somebody', () => {
  const { principal } = aCaller(users.Customer);

  test('is for its owner', () => {
    expect(() => requireOwnership(principal, 'customer', 'order')).not.toThrow();
  });

  test('is not there for another, and is for staff', () => {
    expect(() => requireOwnership(principal, 'somebody-else', 'order')).toThrow(
      expect.objectContaining({ code: 'not_found' }),
    );
    expect(() => requireOwnership({ ...principal, scope: 'all' }, 'somebody-else', 'order')).not.toThrow();
  });
});

describe('a refusal', () => {
  const route = routeFor('Admin');
  const refuse = async (problem: Problem, role = 'Customer') => {
    const { ports, entries } = memoryApiPorts();
    const token = { userId: 'customer', role, tokenExpiresAt: alive };
    const client = { ip: '203.0.113.7', region: 'US', userAgent: 'test' };
    await auditRefusal(problem, route, token, client, 'request-1', ports);
    return entries;
  };
  const refusedBy = async (token: { role?: string; tokenExpiresAt?: number }, user = users.Customer) => {
    const whole = { userId: 'customer', role: 'Customer', tokenExpiresAt: alive, ...token };
    const call = authorize(route, whole, undefined, directory(user), now);
    return refuse((await call.catch((error: unknown) => error)) as Problem, whole.role);
  };

  test('for the role, for a role that has changed and for a disabled account is kept', async () => {
    expect(await refusedBy({})).toMatchObject([{ action: 'access.denied', reason: 'forbidden' }]);
    expect(await refusedBy({ role: 'Admin' })).toMatchObject([
      { reason: 'role_mismatch', actor: { id: 'customer', role: 'Admin' } },
    ]);
    expect(await refusedBy({}, { ...users.Customer, disabled: true })).toMatchObject([
      { reason: 'account_disabled' },
    ]);
  });

  test('for an expired token is not, as nobody is known to have called', async () => {
    expect(await refusedBy({ tokenExpiresAt: 0 })).toEqual([]);
  });

  test('of a role that does not exist is kept as a guest’s', async () => {
    expect(await refusedBy({ role: 'Emperor' })).toMatchObject([{ actor: { role: 'Guest' } }]);
  });

  test('is only what refuses the caller: what is really not there is not kept', async () => {
    expect(await refuse(new Problem('not_found', 'There is no such order.'))).toEqual([]);
  });
});
