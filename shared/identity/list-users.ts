import * as z from 'zod';
import { type Page, type PageRequest, pageBody, pageQuery } from '../api/list.ts';
import { type StoredRole, storedRoleSchema } from './roles.ts';
import type { User } from './user.ts';
import type { UserPorts } from './user-ports.ts';
import { emailSchema } from './user-schemas.ts';

export const listUsersQuery = z.strictObject({
  ...pageQuery,
  role: storedRoleSchema.optional(),
  email: emailSchema.optional(),
});

type UserFilter = Pick<z.output<typeof listUsersQuery>, 'role' | 'email'>;

/** Users in the order in which they registered. An e-mail address finds the one who has it. */
export async function listUsers(
  { role, email }: UserFilter,
  page: PageRequest,
  { store }: Pick<UserPorts, 'store'>,
) {
  return pageBody(
    email === undefined ? await store.list(role, page) : await findByEmail(email, role, page, store),
  );
}

async function findByEmail(
  email: string,
  role: StoredRole | undefined,
  { after }: PageRequest,
  store: UserPorts['store'],
): Promise<Page<User>> {
  // There is one page at most, so whatever cursor comes is past its end.
  const userId = after ? undefined : await store.findIdByEmail(email);
  const user = userId === undefined ? undefined : await store.find(userId);
  return { items: user && (role === undefined || user.role === role) ? [user] : [] };
}
