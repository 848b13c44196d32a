import type * as z from 'zod';
import { Problem } from '../api/problem.ts';
import { logger } from '../observability/logger.ts';
import { isKnownDevice, rememberDevice, requestDevice } from './devices.ts';
import type { LogInResult } from './identity-provider.ts';
import type { Device, User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';
import type { loginAnswer, loginRequest } from './user-schemas.ts';

type Ports = Pick<UserPorts, 'store' | 'identityProvider' | 'audit' | 'effects'>;
type Accepted = Extract<LogInResult, { kind: 'accepted' }>;

/**
 * Has the identity provider check the password, then our record whether the person may come in.
 * An unknown address and a wrong password answer alike.
 * @throws Problem invalid_credentials · account_locked · account_disabled · role_mismatch
 */
export async function loginUser(
  { email, password, deviceInfo }: z.output<typeof loginRequest>,
  caller: Caller,
  ports: Ports,
): Promise<z.input<typeof loginAnswer>> {
  const { store, effects, audit } = ports;
  const accepted = requireAccepted(await ports.identityProvider.logIn({ email, password }, caller.client.ip));
  const user = await store.find(accepted.userId);
  if (!user) {
    // Signed up, but the record was never written: registering again with this password heals it.
    logger.warn('the identity provider knows a user without a record', { userId: accepted.userId });
    throw invalidCredentials();
  }
  await refuseBarred(user, accepted, caller, ports);
  const at = effects.clock.now().toISOString();
  const device = requestDevice(deviceInfo, caller.client, at);
  await noteDevice(user, device, ports);
  const actor = { id: user.userId, role: user.role };
  await audit.append(userAuditEntry('user.logged_in', user.userId, caller, effects, { actor }));
  return {
    token: accepted.token,
    tokenType: 'Bearer',
    expiresIn: accepted.expiresIn,
    userId: user.userId,
    role: user.role,
    isProfileComplete: user.isProfileComplete,
    profileCompletionPrompted: user.profileCompletionPrompted,
    newDevice: !isKnownDevice(user.deviceInfo, device),
  };
}

function requireAccepted(result: LogInResult): Accepted {
  switch (result.kind) {
    case 'accepted':
      return result;
    case 'refused':
      throw invalidCredentials();
    case 'blocked':
      throw accountDisabled();
    case 'locked':
      throw new Problem('account_locked', 'Too many attempts; try again later or reset the password.', {
        retryAfterSeconds: result.retryAfterSeconds,
      });
  }
}

/** A token that the next request would refuse is not handed out. */
async function refuseBarred(
  user: User,
  accepted: Accepted,
  caller: Caller,
  { audit, effects }: Ports,
): Promise<void> {
  const problem = user.disabled
    ? accountDisabled()
    : user.role !== accepted.role
      ? new Problem('role_mismatch', 'The role in the token is not the one on record.')
      : undefined;
  if (problem) {
    const details = { actor: { id: user.userId, role: user.role }, reason: problem.code };
    await audit.append(userAuditEntry('user.login_denied', user.userId, caller, effects, details));
    throw problem;
  }
}

const attempts = 3;

/** Logins of one user at one moment must not forget each other's device, hence compare and set. */
async function noteDevice(user: User, device: Device, { store }: Ports): Promise<void> {
  let known = user.deviceInfo;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const devices = rememberDevice(known, device);
    if (await store.recordDevices(user.userId, known, devices, device.lastActive)) return;
    known = (await store.find(user.userId))?.deviceInfo ?? known;
  }
  // The person is who they say; their device is remembered at the next login instead.
  logger.warn('a device was not recorded', { userId: user.userId });
}

const invalidCredentials = () => new Problem('invalid_credentials', 'E-mail address or password is wrong.');
const accountDisabled = () => new Problem('account_disabled', 'This account has been disabled.');
