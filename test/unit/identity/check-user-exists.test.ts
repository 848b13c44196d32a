import { describe, expect, it } from 'vitest';
import { checkUserExists } from '../../../shared/identity/check-user-exists.ts';
import { existsRequest } from '../../../shared/identity/user-schemas.ts';
import { aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

describe('asking whether a user exists', () => {
  it.each([{ email: 'user-1@example.com' }, { username: 'NAME-of-user-1' }])('by %o', async (wanted) => {
    const ports = fakeUserPorts(aUser());
    expect(await checkUserExists(wanted, true, ports)).toEqual({
      exists: true,
      userId: 'user-1',
      role: 'Customer',
    });
    expect(ports.store.users.get('user-1')?.lastActiveAt).toBe('2026-03-01T12:00:00.000Z');
  });

  it('tells nothing but the fact where the stage does not disclose identities', async () => {
    const answer = await checkUserExists({ username: 'name-of-user-1' }, false, fakeUserPorts(aUser()));
    expect(answer).toEqual({ exists: true });
  });

  it('answers no for who is not there', async () => {
    expect(await checkUserExists({ email: 'x@example.com' }, true, fakeUserPorts())).toEqual({
      exists: false,
    });
  });

  it('takes an e-mail address or a username, not both and not neither', () => {
    expect(existsRequest.safeParse({}).success).toBe(false);
    expect(existsRequest.safeParse({ email: 'a@example.com', username: 'abc' }).success).toBe(false);
    expect(existsRequest.parse({ email: 'A@Example.com' })).toEqual({ email: 'a@example.com' });
  });
});
