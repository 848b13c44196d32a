import { describe, expect, it } from 'vitest';
import type { LogInResult } from '../../../shared/identity/identity-provider.ts';
import { loginUser } from '../../../shared/identity/login-user.ts';
import type { User } from '../../../shared/identity/user.ts';
import { aCaller, aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

const credentials = { email: 'user-1@example.com', password: 'Long enough 1' };
const device = { os: 'macOS', browser: 'Safari' };
const caller = aCaller(undefined);
const seen = { ...device, ip: '203.0.113.7', region: 'US', lastActive: '2026-02-01T00:00:00.000Z' };

const elsewhere = { ...seen, ip: '198.51.100.1', browser: 'Firefox' };
/** Somebody whose device and address are known. */
const atHome = (record: Partial<User> = {}) => aUser({ deviceInfo: [seen], ...record });
const logIn = { ...credentials, deviceInfo: device };

describe('logging in', () => {
  it('answers the token and what a client needs to go on', async () => {
    const ports = fakeUserPorts(atHome({ profileCompletionPrompted: true }));
    ports.identityProvider.accept('user-1');
    const answer = await loginUser(logIn, caller, ports);
    expect(answer).toEqual({
      token: 'a.b.c',
      tokenType: 'Bearer',
      expiresIn: 3600,
      userId: 'user-1',
      role: 'Customer',
      isProfileComplete: false,
      profileCompletionPrompted: true,
      newDevice: false,
    });
  });

  it("hands the client's address on to the identity provider's attack protection", async () => {
    const ports = fakeUserPorts(atHome());
    ports.identityProvider.accept('user-1');
    await loginUser(logIn, caller, ports);
    expect(ports.identityProvider.calls).toEqual([['logIn', '203.0.113.7']]);
  });

  it('knows a device again by address, system and browser, and moves it to the front', async () => {
    const other = { ...seen, browser: 'Firefox' };
    const ports = fakeUserPorts(aUser({ deviceInfo: [other, seen] }));
    ports.identityProvider.accept('user-1');
    const answer = await loginUser(logIn, caller, ports);
    expect(answer.newDevice).toBe(false);
    const at = '2026-03-01T12:00:00.000Z';
    const stored = ports.store.users.get('user-1');
    expect(stored?.deviceInfo).toEqual([{ ...seen, lastActive: at }, other]);
    expect(stored?.lastActiveAt).toBe(at);
  });

  it('trusts a known browser at a known address where the two were not together before, and says it is new', async () => {
    const ports = fakeUserPorts(aUser({ deviceInfo: [seen, elsewhere] }));
    ports.identityProvider.accept('user-1');
    const answer = await loginUser(logIn, aCaller(undefined, { ip: elsewhere.ip }), ports);
    expect(answer.newDevice).toBe(true);
  });

  it('remembers ten devices, newest first', async () => {
    const devices = Array.from({ length: 10 }, (_, index) => ({ ...seen, ip: `198.51.100.${index}` }));
    devices[0] = { ...seen, browser: 'Firefox' };
    const ports = fakeUserPorts(aUser({ deviceInfo: devices }));
    ports.identityProvider.accept('user-1');
    await loginUser(logIn, caller, ports);
    const stored = ports.store.users.get('user-1')?.deviceInfo ?? [];
    expect(stored).toHaveLength(10);
    expect(stored[0]?.ip).toBe('203.0.113.7');
    expect(stored.at(-1)?.ip).toBe('198.51.100.8');
  });

  it('does not forget the device of a login at the same moment', async () => {
    const ports = fakeUserPorts(atHome());
    ports.identityProvider.accept('user-1');
    ports.store.meanwhile = () => ports.store.patch('user-1', { deviceInfo: [elsewhere, seen] });
    await loginUser(logIn, caller, ports);
    const browsers = ports.store.users.get('user-1')?.deviceInfo.map(({ browser }) => browser);
    expect(browsers).toEqual(['Safari', 'Firefox']);
  });

  it('trusts each device of an account that says so once, and then asks it for a code elsewhere', async () => {
    const ports = fakeUserPorts(aUser({ trustFirstDevice: true }));
    ports.identityProvider.accept('user-1');
    expect((await loginUser(logIn, caller, ports)).newDevice).toBe(true);
    const other = aCaller(undefined, { ip: '198.51.100.1' });
    await expect(loginUser(logIn, other, ports)).rejects.toMatchObject({ code: 'mfa_required' });
  });

  it('does not take two logins at the same moment for the first one of a device', async () => {
    const ports = fakeUserPorts(aUser({ trustFirstDevice: true }));
    ports.identityProvider.accept('user-1');
    const there = { ...elsewhere, ...logIn.deviceInfo };
    ports.store.meanwhile = () => ports.store.patch('user-1', { deviceInfo: [there] });
    await expect(loginUser(logIn, caller, ports)).rejects.toMatchObject({ code: 'mfa_required' });
    expect(ports.store.users.get('user-1')?.deviceInfo).toEqual([there]);
  });

  it.each<[LogInResult, string]>([
    [{ kind: 'refused' }, 'invalid_credentials'],
    [{ kind: 'blocked' }, 'account_disabled'],
    [{ kind: 'locked', retryAfterSeconds: 30 }, 'account_locked'],
  ])('turns %o into %s and writes nothing', async (result, code) => {
    const ports = fakeUserPorts(aUser());
    ports.identityProvider.logInResult = result;
    await expect(loginUser(credentials, caller, ports)).rejects.toMatchObject({ code });
    expect(ports.store.users.get('user-1')).toEqual(aUser());
    expect(ports.audit.entries).toEqual([]);
  });

  it.each([['gone'], ['being erased']])(
    'writes nothing about somebody who is %s by the time that the device is recorded',
    async (what) => {
      const ports = fakeUserPorts(atHome());
      ports.identityProvider.accept('user-1');
      ports.store.meanwhile = () => {
        if (what === 'gone') ports.store.users.delete('user-1');
        else {
          const erasureStartedAt = '2026-03-01T11:59:59.000Z';
          ports.store.patch('user-1', { deviceInfo: [], disabled: true, erasureStartedAt });
        }
      };
      await expect(loginUser(logIn, caller, ports)).rejects.toMatchObject({ code: 'invalid_credentials' });
      expect(ports.audit.entries).toEqual([]);
    },
  );

  it('denies who is being erased without a new trace of them', async () => {
    const ports = fakeUserPorts(aUser({ disabled: true, erasureStartedAt: '2026-03-01T11:59:59.000Z' }));
    ports.identityProvider.accept('user-1');
    await expect(loginUser(credentials, caller, ports)).rejects.toMatchObject({ code: 'account_disabled' });
    expect(ports.audit.entries).toEqual([]);
  });

  it('says when a locked account opens again', async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.logInResult = { kind: 'locked', retryAfterSeconds: 30 };
    await expect(loginUser(credentials, caller, ports)).rejects.toMatchObject({
      options: { retryAfterSeconds: 30 },
    });
  });

  it('answers invalid_credentials for an account whose record was never written', async () => {
    const ports = fakeUserPorts();
    ports.identityProvider.accept('left-behind');
    await expect(loginUser(credentials, caller, ports)).rejects.toMatchObject({
      code: 'invalid_credentials',
    });
  });

  it.each([
    ['account_disabled', { disabled: true }, 'Customer'],
    ['role_mismatch', {}, 'Admin'],
  ])('denies with %s by the record, audited, and without recording a device', async (code, record, role) => {
    const ports = fakeUserPorts(aUser(record));
    ports.identityProvider.accept('user-1', role);
    await expect(loginUser(credentials, caller, ports)).rejects.toMatchObject({ code });
    expect(ports.audit.entries).toMatchObject([{ action: 'user.login_denied', reason: code }]);
    expect(ports.store.users.get('user-1')?.deviceInfo).toEqual([]);
  });
});
