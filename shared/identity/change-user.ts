import { requireVersion } from '../api/etag.ts';
import { Problem } from '../api/problem.ts';
import { TransientError } from '../errors.ts';
import type { User } from './user.ts';
import { auditedChange, changedFields, userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';

const attempts = 5;

/** One edit of a user record: computed anew from each record that it meets. */
export interface UserEdit {
  readonly action: 'user.updated' | 'user.details_saved' | 'user.erasure_started' | 'user.erasure_withdrawn';
  /** The ETag that the client read, if it sent one: the edit is of that version or of none. */
  readonly ifMatch?: string | undefined;
  /** Pure; may throw a Problem. `version` and `updatedAt` are set afterwards. */
  apply(user: User): User;
  /** Finds the Admin who must remain when this edit takes one away; asked before each write. */
  remainingAdminId?(before: User, after: User): Promise<string | undefined>;
}

/**
 * The record that a request is about: the caller's own has been read for it already.
 * @throws Problem not_found
 */
export async function readUser(
  userId: string,
  { principal }: Caller,
  { store }: Pick<UserPorts, 'store'>,
): Promise<User> {
  const user = principal?.userId === userId ? principal.user : await store.find(userId);
  if (!user) {
    throw new Problem('not_found', 'There is no such user.');
  }
  return user;
}

/**
 * Writes an edit with its audit entry; when somebody else was faster, edits what they left.
 * An edit that changes nothing writes nothing.
 * @throws Problem not_found · version_conflict · username_taken · invalid_state while the account is erased; TransientError when others are faster every time
 */
export async function changeUser(
  userId: string,
  edit: UserEdit,
  caller: Caller,
  ports: Pick<UserPorts, 'store' | 'effects'>,
): Promise<User> {
  const { store, effects } = ports;
  let before = await readUser(userId, caller, ports);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    refuseWhileErasing(before, edit);
    requireVersion(edit.ifMatch, before.version);
    const edited = edit.apply(before);
    if (changedFields(before, edited).length === 0) {
      return before;
    }
    const updatedAt = effects.clock.now().toISOString();
    const after = { ...edited, updatedAt, version: before.version + 1 };
    const entry = userAuditEntry(edit.action, userId, caller, effects, auditedChange(before, after));
    const remainingAdminId = await edit.remainingAdminId?.(before, after);
    const outcome = await store.update({ before, after, entry, remainingAdminId });
    if (outcome === 'updated') {
      return after;
    }
    if (outcome === 'username_taken') {
      throw new Problem('username_taken', 'Somebody has this username; choose another.');
    }
    before = await readUser(userId, { ...caller, principal: undefined }, ports);
  }
  throw new TransientError('The user record changed under every attempt');
}

/** Else an Admin's PATCH could let somebody in whose account is half erased. */
function refuseWhileErasing({ erasureStartedAt }: User, { action }: UserEdit): void {
  const isErasure = action === 'user.erasure_started' || action === 'user.erasure_withdrawn';
  if (erasureStartedAt !== undefined && !isErasure) {
    throw new Problem('invalid_state', 'This account is being erased.');
  }
}
