import type { Page, PageRequest } from '../api/list.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { StoredRole } from './roles.ts';
import type { Device, User } from './user.ts';
import type { UserDirectory } from './user-directory.ts';

/** A changed record on its way into the store, with the audit entry that is written in the same transaction. */
export interface UserChange {
  readonly before: User;
  readonly after: User;
  readonly entry: AuditEntry;
  /** Another user who must be an enabled Admin at the moment of writing. */
  readonly remainingAdminId?: string | undefined;
}

/** `email_taken` and `username_taken` are decided by the transaction, not by a read before it. */
export type CreateOutcome = 'created' | 'email_taken' | 'username_taken';
/** `stale`: the record, or the other Admin, is not what it was when it was read; read again. */
export type UpdateOutcome = 'updated' | 'stale' | 'username_taken';

/** The user records and the uniqueness of their names. */
export interface UserStore extends UserDirectory {
  findIdByEmail(email: string): Promise<string | undefined>;
  findIdByUsername(username: string): Promise<string | undefined>;
  /** In the order in which they registered; of one role, or all. */
  list(role: StoredRole | undefined, page: PageRequest): Promise<Page<User>>;
  create(user: User, entry: AuditEntry): Promise<CreateOutcome>;
  /** Writes only what differs, provided that the stored version is still that of `before`. */
  update(change: UserChange): Promise<UpdateOutcome>;
  /** Sets lastActiveAt; a user who is gone stays gone. */
  touch(userId: string, at: string): Promise<void>;
  /**
   * Replaces the device list and sets lastActiveAt, without a new version: a login is no edit.
   * @returns false when the list is no longer `before`
   */
  recordDevices(
    userId: string,
    before: readonly Device[],
    after: readonly Device[],
    at: string,
  ): Promise<boolean>;
  /** An enabled Admin other than this user, if there is one. May lag by moments; `remainingAdminId` makes sure. */
  findOtherAdminId(userId: string): Promise<string | undefined>;
}
