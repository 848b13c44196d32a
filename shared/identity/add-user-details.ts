import { changeUser } from './change-user.ts';
import { withDetails } from './profile.ts';
import type { User } from './user.ts';
import type { Caller, Precondition, UserPorts } from './user-ports.ts';
import type { UserDetails } from './user-schemas.ts';

/**
 * Saves addresses, preferences and payment methods; a profile that is complete lets waiting checkouts go on.
 * A failing resumption fails the request although the data is saved: the answer (503) makes the client
 * repeat it, a repetition changes nothing in the record, and so it resumes what still waits. Swallowing the
 * fault would leave the checkout to its time-out.
 * @throws Problem not_found · version_conflict; TransientError when the waiting checkouts cannot be reached
 */
export async function addUserDetails(
  userId: string,
  details: UserDetails,
  caller: Caller & Precondition,
  ports: Pick<UserPorts, 'store' | 'resumer' | 'effects'>,
): Promise<User> {
  const edit = {
    action: 'user.details_saved' as const,
    ifMatch: caller.ifMatch,
    apply: (user: User) => withDetails(user, details, ports.effects.ids),
  };
  const user = await changeUser(userId, edit, caller, ports);
  if (user.isProfileComplete) {
    await ports.resumer.resumeFor(userId);
  }
  return user;
}
