import { Problem } from '../api/problem.ts';
import { changeUser } from './change-user.ts';
import type { Principal } from './principal.ts';
import type { User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, Precondition, UserPorts } from './user-ports.ts';
import type { UserPatch } from './user-schemas.ts';

type Ports = Pick<UserPorts, 'store' | 'identityProvider' | 'audit' | 'effects'>;

/**
 * Changes a profile. Role and access are the Admin's to change.
 * @throws Problem forbidden · not_found · version_conflict · username_taken · address_unknown · last_admin
 */
export async function updateUser(
  userId: string,
  patch: UserPatch,
  caller: Caller & Precondition & { principal: Principal },
  ports: Ports,
): Promise<User> {
  const { role, disabled } = patch;
  const changesAccess = role !== undefined || disabled !== undefined;
  if (changesAccess && caller.principal.role !== 'Admin') {
    const reason = { reason: 'forbidden' };
    await ports.audit.append(userAuditEntry('access.denied', userId, caller, ports.effects, reason));
    throw new Problem('forbidden', 'Only an Admin may change role or disabled.');
  }
  const edit = {
    action: 'user.updated' as const,
    ifMatch: caller.ifMatch,
    apply: (user: User) => applyPatch(user, patch),
    remainingAdminId: (before: User, after: User) => requireOtherAdmin(before, after, ports),
  };
  const user = await changeUser(userId, edit, caller, ports);
  if (changesAccess) {
    // After our record, which denies at once, and even if that did not change: a repetition of a
    // request that met an outage here must still reach the identity provider.
    await tellIdentityProvider(user, { role: role !== undefined, disabled: disabled !== undefined }, ports);
  }
  return user;
}

const tries = 3;

/**
 * Tells what the record says, not what the request did: of two Admins at one moment the record keeps one's word,
 * and whoever calls the identity provider last must bring that one, so it is read again after each call.
 */
async function tellIdentityProvider(
  written: User,
  changed: { readonly role: boolean; readonly disabled: boolean },
  { store, identityProvider }: Ports,
): Promise<void> {
  const { userId } = written;
  let told = written;
  for (let time = 0; time < tries; time += 1) {
    await identityProvider.setAccess(userId, {
      role: changed.role ? told.role : undefined,
      disabled: changed.disabled ? told.disabled : undefined,
    });
    const current = await store.find(userId);
    const isTold =
      (!changed.role || current?.role === told.role) &&
      (!changed.disabled || current?.disabled === told.disabled);
    if (!current || isTold) return;
    told = current;
  }
}

/** @throws Problem address_unknown */
export function applyPatch(user: User, patch: UserPatch): User {
  const { lastSelectedAddress } = patch;
  if (
    lastSelectedAddress !== undefined &&
    !user.addresses.some(({ label }) => label === lastSelectedAddress)
  ) {
    throw new Problem('address_unknown', 'lastSelectedAddress is not the label of a saved address.');
  }
  const { phone, ...others } = patch;
  const { phone: phoneBefore, ...rest } = user;
  const phoneAfter = phone === undefined ? phoneBefore : phone;
  const given = Object.entries(others).filter(([, value]) => value !== undefined);
  return {
    ...rest,
    ...(phoneAfter === undefined || phoneAfter === null ? {} : { phone: phoneAfter }),
    ...Object.fromEntries(given),
  };
}

/**
 * Finds the Admin who must remain: without one nobody could ever make one again.
 * @throws Problem last_admin
 */
export async function requireOtherAdmin(
  before: User,
  after: User,
  { store }: Pick<Ports, 'store'>,
): Promise<string | undefined> {
  if (!isActiveAdmin(before) || isActiveAdmin(after)) {
    return undefined;
  }
  const other = await store.findOtherAdminId(before.userId);
  if (other === undefined) {
    throw new Problem('last_admin', 'This is the last enabled Admin; make another one first.');
  }
  return other;
}

function isActiveAdmin({ role, disabled }: User): boolean {
  return role === 'Admin' && !disabled;
}
