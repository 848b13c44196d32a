import type * as z from 'zod';
import { Problem } from '../api/problem.ts';
import { logger } from '../observability/logger.ts';
import { requestDevice } from './devices.ts';
import { newUser, type User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';
import type { registerRequest } from './user-schemas.ts';

type Registration = z.output<typeof registerRequest>;
type Ports = Pick<UserPorts, 'store' | 'identityProvider' | 'effects'>;

/** Below this no tenant's policy is asked. */
const minimumPasswordLength = 8;

/**
 * Creates the account at the identity provider, then record and unique names in one transaction.
 * The sentinels decide who owns a name; the reads before are only there to refuse early.
 * A crash between the two steps heals at the next attempt with the same password.
 * @returns the new user's id
 * @throws Problem weak_password · email_taken · username_taken
 */
export async function registerUser(
  registration: Registration,
  caller: Caller,
  ports: Ports,
): Promise<string> {
  if (registration.password.length < minimumPasswordLength) {
    throw weakPassword();
  }
  await refuseTakenNames(registration, ports);
  const account = await openAccount(registration, caller, ports);
  const user = registeredUser(account.userId, registration, caller, ports);
  const entry = userAuditEntry('user.registered', user.userId, caller, ports.effects, {
    actor: { id: user.userId, role: 'Guest' },
  });
  const outcome = await ports.store.create(user, entry);
  if (outcome === 'email_taken') {
    // Not closed: the account belongs to the registration that won, which was for the same address.
    throw emailTaken();
  }
  if (outcome === 'username_taken') {
    if (account.isNew) await closeAccount(account.userId, ports);
    throw usernameTaken();
  }
  return user.userId;
}

/** The record of somebody who has just registered. */
function registeredUser(
  userId: string,
  { username, email, phone, deviceInfo }: Registration,
  { client }: Caller,
  { effects }: Ports,
): User {
  const at = effects.clock.now().toISOString();
  return newUser({
    userId,
    username,
    email,
    ...(phone === undefined ? {} : { phone }),
    role: 'Customer',
    deviceInfo: [requestDevice(deviceInfo, client, at)],
    region: client.region,
    at,
  });
}

async function refuseTakenNames({ email, username }: Registration, { store }: Ports): Promise<void> {
  const [byEmail, byUsername] = await Promise.all([
    store.findIdByEmail(email),
    store.findIdByUsername(username),
  ]);
  if (byEmail !== undefined) throw emailTaken();
  if (byUsername !== undefined) throw usernameTaken();
}

/**
 * The provider may know the address although we do not: a registration that broke off between signup and
 * transaction. Whoever knows its password is the same person and takes it over; anyone else is too late.
 */
async function openAccount(
  { email, password }: Registration,
  { client }: Caller,
  { identityProvider }: Ports,
): Promise<{ userId: string; isNew: boolean }> {
  const signUp = await identityProvider.signUp({ email, password });
  switch (signUp.kind) {
    case 'created':
      return { userId: signUp.userId, isNew: true };
    case 'weak_password':
      throw weakPassword();
    case 'exists': {
      const logIn = await identityProvider.logIn({ email, password }, client.ip);
      if (logIn.kind !== 'accepted') throw emailTaken();
      return { userId: logIn.userId, isNew: false };
    }
  }
}

/** Best effort: an account that stays behind is taken over by the next registration with its password. */
async function closeAccount(userId: string, { identityProvider }: Ports): Promise<void> {
  try {
    await identityProvider.deleteUser(userId);
  } catch (error) {
    logger.warn('an account without a record stays at the identity provider', {
      userId,
      error: error instanceof Error ? error : String(error),
    });
  }
}

const weakPassword = () =>
  new Problem(
    'weak_password',
    `Choose a longer or less common password, of ${minimumPasswordLength} characters at least.`,
  );
const emailTaken = () => new Problem('email_taken', 'An account with this e-mail address exists.');
const usernameTaken = () => new Problem('username_taken', 'Somebody has this username; choose another.');
