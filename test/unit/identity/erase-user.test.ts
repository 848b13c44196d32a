import { beforeEach, describe, expect, it } from 'vitest';
import { DependencyUnavailableError } from '../../../shared/errors.ts';
import { changeUser } from '../../../shared/identity/change-user.ts';
import { eraseUser } from '../../../shared/identity/erase-user.ts';
import type { User } from '../../../shared/identity/user.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aCaller, anAddress, aUser } from '../../support/builders/user.ts';
import { type FakeUserPorts, fakeUserPorts } from '../../support/identity-fakes.ts';

const ann = aUser({ userId: 'ann', deviceInfo: [], addresses: [{ ...anAddress(), isDefault: true }] });
const admin = aUser({ userId: 'ada', role: 'Admin' });
const longAgo = '2025-01-01T00:00:00.000Z';

let ports: FakeUserPorts;

beforeEach(() => {
  ports = fakeUserPorts(ann, admin);
  for (const orderId of ['o-1', 'o-2']) {
    const order = anOrder({ orderId, userId: 'ann', status: 'Paid', createdAt: longAgo, updatedAt: longAgo });
    ports.privacy.orders.set(orderId, order);
  }
});

const erase = (by: User = ann, userId = 'ann') =>
  eraseUser(userId, aCaller(ports.store.users.get(by.userId) ?? by), ports);

describe('erasing a person', () => {
  it('shuts the account first, and deletes the record only when all that hangs on it is clean', async () => {
    await erase();
    expect(ports.store.entries).toMatchObject([
      { action: 'user.erasure_started', after: { disabled: true, fields: ['disabled', 'erasureStartedAt'] } },
    ]);
    expect(ports.identityProvider.calls).toEqual([['deleteUser', 'ann']]);
    expect(ports.privacy.steps).toEqual([
      'eraseOrder o-1',
      'eraseOrder o-2',
      'removeUser',
      'eraseTraces',
      'finish',
    ]);
    expect(ports.store.users.has('ann')).toBe(false);
    expect(ports.privacy.registered.get('ann')).toMatchObject({ finishedAt: expect.any(String) });
  });

  it('says who erased whom, but of oneself not where from', async () => {
    await erase();
    expect(ports.privacy.finished).toMatchObject([
      { action: 'user.erased', actor: { id: 'ann' }, where: { ip: 'erased', device: 'erased' } },
    ]);
    ports = fakeUserPorts(ann, admin);
    await erase(admin);
    expect(ports.privacy.finished).toMatchObject([{ actor: { id: 'ada' }, where: { ip: '203.0.113.7' } }]);
  });

  it.each(['eraseOrder o-1', 'eraseOrder o-2', 'removeUser', 'eraseTraces', 'finish'])(
    'that dies at %s goes on when an Admin repeats it, and nobody gets in meanwhile',
    async (step) => {
      ports.privacy.dieAt = step;
      await expect(erase()).rejects.toThrow('died');
      expect(ports.store.users.get('ann')?.disabled ?? true).toBe(true);
      await erase(admin);
      expect(ports.store.users.has('ann')).toBe(false);
      expect(ports.privacy.finished).toHaveLength(1);
      for (const order of ports.privacy.orders.values()) {
        expect(order).toMatchObject({ personalDataErasedAt: expect.any(String) });
      }
    },
  );

  it('sweeps again when an Admin repeats it, for what came late or out of a backup', async () => {
    await erase();
    const late = anOrder({ orderId: 'o-late', userId: 'ann', createdAt: longAgo, updatedAt: longAgo });
    ports.privacy.orders.set('o-late', late);
    // A step of a checkout may write after the mark.
    const marked = ports.privacy.orders.get('o-1');
    if (marked) ports.privacy.orders.set('o-1', { ...marked, address: anAddress() });
    ports.privacy.steps.length = 0;
    await erase(admin);
    expect(ports.privacy.steps).toEqual(['eraseOrder o-1', 'eraseOrder o-late', 'eraseTraces']);
    for (const order of ports.privacy.orders.values()) expect(order).not.toHaveProperty('address');
    expect(ports.privacy.finished).toHaveLength(1);
    expect(ports.audit.entries).toMatchObject([
      { action: 'user.erasure_repeated', entity: { id: 'ann' }, actor: { id: 'ada' } },
    ]);
  });

  it('works on eight orders at once, and on no more', async () => {
    for (let n = 0; n < 30; n += 1) {
      const orderId = `many-${n}`;
      const order = anOrder({
        orderId,
        userId: 'ann',
        status: 'Paid',
        createdAt: longAgo,
        updatedAt: longAgo,
      });
      ports.privacy.orders.set(orderId, order);
    }
    const eraseOrder = ports.privacy.data.eraseOrder;
    let running = 0;
    let most = 0;
    ports.privacy.data.eraseOrder = async (orderId, at) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      await eraseOrder(orderId, at);
      running -= 1;
    };
    await erase();
    expect(most).toBe(8);
  });

  it('stays shut while the identity provider does not answer, and goes on after', async () => {
    ports.identityProvider.fault = new DependencyUnavailableError('Auth0');
    await expect(erase()).rejects.toMatchObject({ name: 'DependencyUnavailableError' });
    expect(ports.store.users.get('ann')).toMatchObject({
      disabled: true,
      erasureStartedAt: expect.any(String),
    });
    expect(ports.privacy.steps).toEqual([]);
    ports.identityProvider.fault = undefined;
    await erase(admin);
    expect(ports.store.users.has('ann')).toBe(false);
  });

  it('lets nobody change an account that is half erased', async () => {
    ports.privacy.dieAt = 'removeUser';
    await expect(erase()).rejects.toThrow('died');
    const edit = { action: 'user.updated' as const, apply: (user: User) => ({ ...user, disabled: false }) };
    await expect(changeUser('ann', edit, aCaller(admin), ports)).rejects.toMatchObject({
      code: 'invalid_state',
    });
  });

  it('answers 404 for who was never there', async () => {
    await expect(erase(admin, 'nobody')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('keeps the last enabled Admin', async () => {
    ports = fakeUserPorts(admin, aUser({ userId: 'former', role: 'Admin', disabled: true }));
    await expect(erase(admin, 'ada')).rejects.toMatchObject({ code: 'last_admin' });
    expect(ports.store.users.get('ada')).toEqual(admin);
    expect(ports.identityProvider.calls).toEqual([]);
  });
});

describe('a checkout under way', () => {
  const withOrder = (over: Parameters<typeof anOrder>[0], state: 'running' | 'ended' | 'none') => {
    ports.privacy.orders.set('o-3', anOrder({ orderId: 'o-3', userId: 'ann', ...over }));
    ports.privacy.checkoutStates.set('o-3', state);
  };
  const now = () => ports.effects.clock.now().toISOString();

  it.each(['Pending', 'AwaitingProfile', 'OnHold'] as const)(
    'refuses the erasure while %s',
    async (status) => {
      withOrder({ status, createdAt: longAgo, updatedAt: longAgo }, 'running');
      await expect(erase()).rejects.toMatchObject({
        code: 'invalid_state',
        message: expect.stringContaining('o-3'),
      });
      expect(ports.store.users.get('ann')).toEqual(ann);
      expect(ports.identityProvider.calls).toEqual([]);
    },
  );

  it('refuses while a paid order’s last steps run', async () => {
    withOrder({ status: 'Paid', createdAt: now(), updatedAt: now() }, 'running');
    await expect(erase()).rejects.toMatchObject({ code: 'invalid_state' });
  });

  it('refuses while an order was placed a moment ago and its checkout is about to start', async () => {
    withOrder({ status: 'Pending', createdAt: now(), updatedAt: now() }, 'none');
    await expect(erase()).rejects.toMatchObject({ code: 'invalid_state' });
    ports.effects.advance(61_000);
    await erase();
  });

  it.each(['cancel', 'refund'] as const)('refuses while a %s is carried out', async (reversing) => {
    withOrder({ status: 'Paid', reversing, createdAt: longAgo, updatedAt: longAgo }, 'ended');
    await expect(erase()).rejects.toMatchObject({
      code: 'invalid_state',
      message: expect.stringContaining('o-3'),
    });
    expect(ports.identityProvider.calls).toEqual([]);
  });

  it('does not hold the erasure up for an order whose checkout died', async () => {
    withOrder({ status: 'Pending', createdAt: longAgo, updatedAt: longAgo }, 'ended');
    await erase();
    expect(ports.store.users.has('ann')).toBe(false);
  });

  it('that starts just before the account is shut opens the account again', async () => {
    withOrder({ status: 'Paid', createdAt: now(), updatedAt: now() }, 'ended');
    let asked = 0;
    ports.privacy.whenAsked = () => {
      asked += 1;
      if (asked === 1) ports.privacy.checkoutStates.set('o-3', 'running');
    };
    // The first look comes too early: it is answered before the change.
    const states = ports.privacy.checkouts as { stateOf: (id: string) => Promise<string> };
    const slow = states.stateOf;
    let first = true;
    states.stateOf = async (id) => {
      if (!first) return slow(id);
      first = false;
      await slow(id);
      return 'ended';
    };
    await expect(erase()).rejects.toMatchObject({ code: 'invalid_state' });
    const { version: _, updatedAt: __, ...kept } = ports.store.users.get('ann') ?? ann;
    const { version: ___, updatedAt: ____, ...former } = ann;
    expect(kept).toEqual(former);
    expect(ports.store.entries.map(({ action }) => action)).toEqual([
      'user.erasure_started',
      'user.erasure_withdrawn',
    ]);
    expect(ports.identityProvider.calls).toEqual([]);
  });
});
