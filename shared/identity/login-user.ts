import type * as z from 'zod';
import { Problem } from '../api/problem.ts';
import { logger } from '../observability/logger.ts';
import { isKnownDevice, isTrusted, rememberDevice, requestDevice } from './devices.ts';
import { guardLogin } from './guard-login.ts';
import type { LogInResult } from './identity-provider.ts';
import { acceptCode, demandCode } from './mfa-challenge.ts';
import type { Device, User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';
import type { loginAnswer, loginRequest } from './user-schemas.ts';

type LoginRequest = z.output<typeof loginRequest>;
type LoginAnswer = z.input<typeof loginAnswer>;
type Ports = Pick<UserPorts, 'store' | 'identityProvider' | 'audit' | 'effects' | 'protection'>;
type Accepted = Extract<LogInResult, { kind: 'accepted' }>;

/**
 * Has the identity provider check the password, then our record whether the person may come in, and then,
 * from an unusual address or device, a code. The token is handed out after all three.
 * An unknown address and a wrong password answer alike.
 * @throws Problem invalid_credentials · captcha_required · account_locked · account_disabled · role_mismatch ·
 * mfa_required · mfa_failed · rate_limited
 */
export async function loginUser(request: LoginRequest, caller: Caller, ports: Ports): Promise<LoginAnswer> {
  const { email, password, captchaToken } = request;
  const { ip } = caller.client;
  return guardLogin({ email, ip, captchaToken }, ports.protection, ports.effects.clock, async () => {
    const result = await ports.identityProvider.logIn({ email, password }, ip);
    return enter(requireAccepted(result), request, caller, ports);
  });
}

/** Everything after the right password. */
async function enter(
  accepted: Accepted,
  { deviceInfo, mfa }: LoginRequest,
  caller: Caller,
  ports: Ports,
): Promise<LoginAnswer> {
  const { store, effects, audit } = ports;
  const user = await store.find(accepted.userId);
  if (!user) {
    // Signed up, but the record was never written: registering again with this password heals it.
    logger.warn('the identity provider knows a user without a record', { userId: accepted.userId });
    throw invalidCredentials();
  }
  await refuseBarred(user, accepted, caller, ports);
  const device = requestDevice(deviceInfo, caller.client, effects.clock.now().toISOString());
  // A code that is sent is checked, needed or not: a used one must not look like a good one.
  if (mfa) await acceptCode(mfa, user, device, caller, ports);
  await admitDevice(user, device, mfa !== undefined, caller, ports);
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
      throw new Problem('account_locked', 'Too many attempts; try again later.', {
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
  // Who is being erased leaves no new trace.
  if (problem && user.erasureStartedAt === undefined) {
    const details = { actor: { id: user.userId, role: user.role }, reason: problem.code };
    await audit.append(userAuditEntry('user.login_denied', user.userId, caller, effects, details));
  }
  if (problem) throw problem;
}

const attempts = 3;

/**
 * Puts the device on the list of trusted ones, or demands a code. Logins of one user at one moment must
 * neither forget each other's device nor all be the first one, hence compare and set, and decide anew.
 */
async function admitDevice(
  user: User,
  device: Device,
  passedCode: boolean,
  caller: Caller,
  ports: Ports,
): Promise<void> {
  const { store } = ports;
  let current = user;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (!passedCode && !isTrusted(current, device)) await demandCode(current, device, caller, ports);
    const devices = rememberDevice(current.deviceInfo, device);
    if (await store.recordDevices(user.userId, current.deviceInfo, devices, device.lastActive)) return;
    const now = await store.find(user.userId);
    // Erased while they logged in: nothing is written about them any more.
    if (!now || now.erasureStartedAt !== undefined) throw invalidCredentials();
    current = now;
  }
  // The person is who they say; their device is remembered at the next login instead.
  logger.warn('a device was not recorded', { userId: user.userId });
}

const invalidCredentials = () => new Problem('invalid_credentials', 'E-mail address or password is wrong.');
const accountDisabled = () => new Problem('account_disabled', 'This account has been disabled.');
