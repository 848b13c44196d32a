import { describe, expect, it } from 'vitest';
import { DependencyUnavailableError } from '../../../shared/errors.ts';
import { registerUser } from '../../../shared/identity/register-user.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

const registration = { username: 'Ann', email: 'ann@example.com', password: 'Long enough 1' };
const caller = aCaller(undefined);

describe('registering', () => {
  it('creates a Customer with an incomplete profile, and remembers device, address and region', async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.signUpResult = { kind: 'created', userId: 'new' };

    const userId = await registerUser(
      { ...registration, deviceInfo: { os: 'macOS', browser: 'Safari' } },
      caller,
      ports,
    );

    expect(userId).toBe('new');
    const at = '2026-03-01T12:00:00.000Z';
    expect(ports.store.users.get('new')).toMatchObject({
      username: 'Ann',
      role: 'Customer',
      isProfileComplete: false,
      region: 'US',
      deviceInfo: [{ os: 'macOS', browser: 'Safari', ip: '203.0.113.7', region: 'US', lastActive: at }],
      createdAt: at,
      version: 1,
    });
  });

  it('is audited without personal data', async () => {
    const ports = fakeUserPorts();
    await registerUser(registration, caller, ports);
    expect(ports.store.entries).toMatchObject([
      { action: 'user.registered', entity: { type: 'user', id: 'user-1' }, actor: { role: 'Guest' } },
    ]);
    expect(JSON.stringify(ports.store.entries)).not.toMatch(/ann@|Long enough/);
  });

  it.each([
    ['email_taken', { email: 'ann@example.com' }],
    ['username_taken', { username: 'aNN' }],
  ])('is refused early with %s, without a call to the identity provider', async (code, existing) => {
    const ports = fakeUserPorts(aUser({ userId: 'old', ...existing }));
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code });
    expect(ports.identityProvider.calls).toEqual([]);
  });

  it('refuses a short password without asking anyone', async () => {
    const ports = fakeUserPorts();
    await expect(registerUser({ ...registration, password: 'short 1' }, caller, ports)).rejects.toMatchObject(
      {
        code: 'weak_password',
      },
    );
    expect(ports.identityProvider.calls).toEqual([]);
  });

  it("refuses a password that the tenant's policy finds weak, and writes nothing", async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.signUpResult = { kind: 'weak_password' };
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code: 'weak_password' });
    expect(ports.store.users.size).toBe(0);
  });

  it('takes over an account that a broken-off registration left, when the password is right', async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.signUpResult = { kind: 'exists' };
    ports.identityProvider.accept('left-behind');
    await expect(registerUser(registration, caller, ports)).resolves.toBe('left-behind');
    expect(ports.store.users.has('left-behind')).toBe(true);
  });

  it('says email_taken when such an account has another password', async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.signUpResult = { kind: 'exists' };
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code: 'email_taken' });
    expect(ports.store.users.size).toBe(0);
  });

  it('closes its fresh account when another registration took the username meanwhile', async () => {
    const ports = fakeUserPorts();
    ports.store.meanwhile = () => ports.store.users.set('other', aUser({ userId: 'other', username: 'ann' }));
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code: 'username_taken' });
    expect(ports.identityProvider.calls).toContainEqual(['deleteUser', 'user-1']);
  });

  it('answers username_taken even if the account cannot be closed', async () => {
    const ports = fakeUserPorts();
    ports.store.meanwhile = () => {
      ports.store.users.set('other', aUser({ userId: 'other', username: 'ann' }));
      ports.identityProvider.fault = new DependencyUnavailableError('Auth0');
    };
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code: 'username_taken' });
  });

  it('leaves the account alone when another registration of the same address won', async () => {
    const ports = fakeUserPorts();
    ports.store.meanwhile = () => ports.store.users.set('user-1', aUser({ email: registration.email }));
    await expect(registerUser(registration, caller, ports)).rejects.toMatchObject({ code: 'email_taken' });
    expect(ports.identityProvider.calls).toEqual([['signUp']]);
  });
});
