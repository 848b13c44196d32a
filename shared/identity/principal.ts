import type { StoredRole } from './roles.ts';
import type { User } from './user.ts';

/** The caller, once token and user record agree. */
export interface Principal {
  readonly userId: string;
  readonly role: StoredRole;
  /** The record that the role was checked against, read strongly for this request: use it instead of reading again. */
  readonly user: User;
  /** `all` when the caller's role is granted the route, `own` when only being self or owner lets the caller in. */
  readonly scope: 'all' | 'own';
}
