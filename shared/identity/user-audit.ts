import { isDeepStrictEqual } from 'node:util';
import type { Actor, AuditEntry } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { User } from './user.ts';
import type { Caller } from './user-ports.ts';

type UserAction =
  | 'user.registered'
  | 'user.logged_in'
  | 'user.login_denied'
  | 'user.mfa_required'
  | 'user.updated'
  | 'user.details_saved'
  | 'user.exported'
  | 'user.erasure_started'
  | 'user.erasure_withdrawn'
  | 'user.erased'
  | 'user.erasure_repeated'
  | 'access.denied';

/** @param actor who did it; without one, the request's principal, or the user when none is logged in yet */
export function userAuditEntry(
  action: UserAction,
  userId: string,
  { principal, client, requestId }: Caller,
  effects: Effects,
  more: Pick<AuditEntry, 'before' | 'after' | 'reason'> & { actor?: Actor } = {},
): AuditEntry {
  const actor: Actor = principal
    ? { id: principal.userId, role: principal.role }
    : { id: userId, role: 'Customer' };
  return {
    entryId: effects.ids.next(),
    action,
    entity: { type: 'user', id: userId },
    actor,
    at: effects.clock.now().toISOString(),
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    requestId,
    ...more,
  };
}

/** Values that are no personal data and that an auditor must see. */
const disclosed = ['role', 'disabled', 'isProfileComplete'] as const;
const bookkeeping: ReadonlySet<string> = new Set(['version', 'updatedAt']);

/** Names of the fields in which two records differ, the bookkeeping aside. */
export function changedFields(before: User, after: User): string[] {
  const was = new Map(Object.entries(before));
  const is = new Map(Object.entries(after));
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names]
    .filter((name) => !bookkeeping.has(name))
    .filter((name) => !isDeepStrictEqual(was.get(name), is.get(name)));
}

/** Before and after of an edit without personal data: which fields changed, and the values of the harmless ones. */
export function auditedChange(before: User, after: User): Pick<AuditEntry, 'before' | 'after'> {
  const fields = changedFields(before, after);
  const shown = disclosed.filter((name) => fields.includes(name));
  return {
    before: Object.fromEntries(shown.map((name) => [name, before[name]])),
    after: { fields, ...Object.fromEntries(shown.map((name) => [name, after[name]])) },
  };
}
