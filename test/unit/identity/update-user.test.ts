import { describe, expect, it } from 'vitest';
import { DependencyUnavailableError } from '../../../shared/errors.ts';
import { updateUser } from '../../../shared/identity/update-user.ts';
import { updateUserRequest } from '../../../shared/identity/user-schemas.ts';
import { aCaller, anAddress, aUser } from '../../support/builders/user.ts';
import { fakeUserPorts } from '../../support/identity-fakes.ts';

const admin = aUser({ userId: 'admin-1', role: 'Admin' });

describe('changing a profile', () => {
  it('changes what is given, raises the version and audits names of fields, not values', async () => {
    const user = aUser();
    const ports = fakeUserPorts(user);
    const changed = await updateUser('user-1', { phone: '+14155550100' }, aCaller(user), ports);
    expect(changed).toMatchObject({
      phone: '+14155550100',
      version: 2,
      updatedAt: '2026-03-01T12:00:00.000Z',
    });
    expect(ports.store.users.get('user-1')).toEqual(changed);
    expect(ports.store.entries).toMatchObject([
      { action: 'user.updated', actor: { id: 'user-1' }, before: {}, after: { fields: ['phone'] } },
    ]);
  });

  it('writes nothing when nothing changes', async () => {
    const user = aUser();
    const ports = fakeUserPorts(user);
    await updateUser('user-1', { username: user.username }, aCaller(user), ports);
    expect(ports.store.users.get('user-1')?.version).toBe(1);
    expect(ports.store.entries).toEqual([]);
  });

  it.each(['Customer', 'Manager'] as const)(
    'forbids a %s to change role or access, audited',
    async (role) => {
      const user = aUser({ role });
      const ports = fakeUserPorts(user);
      for (const patch of [
        { role: 'Admin' as const },
        { disabled: false },
        { phone: '+14155550100', role },
      ]) {
        await expect(updateUser('user-1', patch, aCaller(user), ports)).rejects.toMatchObject({
          code: 'forbidden',
        });
      }
      expect(ports.audit.entries).toHaveLength(3);
      expect(ports.store.users.get('user-1')).toEqual(user);
      expect(ports.identityProvider.calls).toEqual([]);
    },
  );

  it("lets an Admin change another's role, at the identity provider too", async () => {
    const ports = fakeUserPorts(admin, aUser());
    await updateUser('user-1', { role: 'Manager' }, aCaller(admin), ports);
    expect(ports.store.users.get('user-1')?.role).toBe('Manager');
    expect(ports.identityProvider.calls).toEqual([
      ['setAccess', 'user-1', { role: 'Manager', disabled: undefined }],
    ]);
    expect(ports.store.entries).toMatchObject([
      { before: { role: 'Customer' }, after: { role: 'Manager', fields: ['role'] } },
    ]);
  });

  it('reaches the identity provider at a repetition, after an outage there', async () => {
    const ports = fakeUserPorts(admin, aUser());
    ports.identityProvider.fault = new DependencyUnavailableError('Auth0');
    await expect(updateUser('user-1', { disabled: true }, aCaller(admin), ports)).rejects.toThrow('Auth0');
    expect(ports.store.users.get('user-1')?.disabled).toBe(true);

    ports.identityProvider.fault = undefined;
    await updateUser('user-1', { disabled: true }, aCaller(admin), ports);
    expect(ports.identityProvider.calls).toHaveLength(2);
    expect(ports.store.users.get('user-1')?.version).toBe(2);
  });

  it('leaves at the identity provider what the record says, whoever of two Admins calls it last', async () => {
    const ports = fakeUserPorts(admin, aUser());
    const { identityProvider, store } = ports;
    const setAccess = identityProvider.setAccess.bind(identityProvider);
    let first = true;
    identityProvider.setAccess = async (userId, access) => {
      // The other Admin's request comes through as a whole while this call is on its way.
      if (first) {
        first = false;
        const other = aUser({ userId: 'admin-2', role: 'Admin' });
        await updateUser('user-1', { disabled: false, role: 'Customer' }, aCaller(other), ports);
      }
      await setAccess(userId, access);
    };
    await updateUser('user-1', { disabled: true, role: 'Manager' }, aCaller(admin), ports);
    expect(store.users.get('user-1')).toMatchObject({ disabled: false, role: 'Customer' });
    expect(identityProvider.calls.at(-1)).toEqual([
      'setAccess',
      'user-1',
      { role: 'Customer', disabled: false },
    ]);
  });

  it('removes a telephone number by null', async () => {
    const user = aUser({ phone: '+14155550100' });
    const ports = fakeUserPorts(user);
    const changed = await updateUser(
      'user-1',
      updateUserRequest.parse({ phone: null }),
      aCaller(user),
      ports,
    );
    expect(changed).not.toHaveProperty('phone');
    expect(ports.store.entries).toMatchObject([{ after: { fields: ['phone'] } }]);
  });

  it.each([{ role: 'Customer' as const }, { disabled: true }])('keeps the last Admin: %o', async (patch) => {
    const ports = fakeUserPorts(admin, aUser({ userId: 'off', role: 'Admin', disabled: true }));
    await expect(updateUser('admin-1', patch, aCaller(admin), ports)).rejects.toMatchObject({
      code: 'last_admin',
    });
    expect(ports.store.users.get('admin-1')).toEqual(admin);
    expect(ports.identityProvider.calls).toEqual([]);
  });

  it('lets only one of two Admins go who step down at the same moment', async () => {
    const other = aUser({ userId: 'admin-2', role: 'Admin' });
    const ports = fakeUserPorts(admin, other);
    ports.store.meanwhile = () => ports.store.patch('admin-2', { role: 'Customer' });
    await expect(updateUser('admin-1', { role: 'Customer' }, aCaller(admin), ports)).rejects.toMatchObject({
      code: 'last_admin',
    });
  });

  it('refuses a username that somebody has in other capitals', async () => {
    const user = aUser();
    const ports = fakeUserPorts(user, aUser({ userId: 'user-2', username: 'Taken' }));
    await expect(updateUser('user-1', { username: 'tAKEN' }, aCaller(user), ports)).rejects.toMatchObject({
      code: 'username_taken',
    });
  });

  it('selects saved addresses only', async () => {
    const user = aUser({ addresses: [{ ...anAddress(), isDefault: true }] });
    const ports = fakeUserPorts(user);
    await expect(
      updateUser('user-1', { lastSelectedAddress: 'office' }, aCaller(user), ports),
    ).rejects.toMatchObject({ code: 'address_unknown' });
    const changed = await updateUser('user-1', { lastSelectedAddress: 'home' }, aCaller(user), ports);
    expect(changed.lastSelectedAddress).toBe('home');
  });

  it('keeps what another request wrote meanwhile', async () => {
    const user = aUser();
    const ports = fakeUserPorts(user);
    ports.store.meanwhile = () => ports.store.patch('user-1', { username: 'renamed', version: 2 });
    const changed = await updateUser('user-1', { phone: '+14155550100' }, aCaller(user), ports);
    expect(changed).toMatchObject({ username: 'renamed', phone: '+14155550100', version: 3 });
  });

  it('answers not_found for a user who does not exist', async () => {
    const ports = fakeUserPorts(admin);
    await expect(
      updateUser('nobody', { phone: '+14155550100' }, aCaller(admin), ports),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});
