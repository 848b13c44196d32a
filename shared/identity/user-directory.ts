import type { User } from './user.ts';

/** The one read of a user that every API and workflow Lambda needs; UserStore extends it. */
export interface UserDirectory {
  /** Strongly consistent, so that a changed role or a disabled account counts at once. */
  find(userId: string): Promise<User | undefined>;
}
