import type * as z from 'zod';
import type { UserPorts } from './user-ports.ts';
import type { existsAnswer, existsRequest } from './user-schemas.ts';

/**
 * Tells whether an account exists, and notes that its person is about.
 * @param discloseIdentity the stage's setting; when off, the answer says nothing but `exists`
 */
export async function checkUserExists(
  wanted: z.output<typeof existsRequest>,
  discloseIdentity: boolean,
  { store, effects }: Pick<UserPorts, 'store' | 'effects'>,
): Promise<z.input<typeof existsAnswer>> {
  const userId =
    wanted.email === undefined
      ? await store.findIdByUsername(wanted.username ?? '')
      : await store.findIdByEmail(wanted.email);
  if (userId === undefined) {
    return { exists: false };
  }
  await store.touch(userId, effects.clock.now().toISOString());
  if (!discloseIdentity) {
    return { exists: true };
  }
  const user = await store.find(userId);
  return user ? { exists: true, userId, role: user.role } : { exists: false };
}
