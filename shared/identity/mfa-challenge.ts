import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../api/problem.ts';
import type { Notification } from '../notifications/notifier.ts';
import { networkOf } from './network-address.ts';
import type { Device, User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';

type Ports = Pick<UserPorts, 'audit' | 'effects' | 'protection'>;

const codeLifetimeSeconds = 10 * 60;
const attemptsPerCode = 5;

/**
 * Sends the person a code that lets exactly this device in, and refuses until it comes back.
 * @throws Problem mfa_required; rate_limited when the user has been sent too many codes
 */
export async function demandCode(user: User, device: Device, caller: Caller, ports: Ports): Promise<never> {
  const { effects, protection, audit } = ports;
  await limitCodes(user, ports);
  const challengeId = effects.ids.next();
  const code = String(Math.floor(effects.random() * 1_000_000)).padStart(6, '0');
  const expiresAt = new Date(effects.clock.now().getTime() + codeLifetimeSeconds * 1000);
  const codeHash = hashCode(await protection.codeKey(), challengeId, user, device, code);
  await protection.challenges.put({ challengeId, userId: user.userId, codeHash, expiresAt });
  await audit.append(
    userAuditEntry('user.mfa_required', user.userId, caller, effects, { actor: actor(user) }),
  );
  const message = codeMessage(user, challengeId, code, expiresAt);
  await protection.notifier.publish(message);
  throw new Problem('mfa_required', 'This address or device is new; send the code that you were sent.', {
    extension: { challengeId, expiresAt: expiresAt.toISOString(), channels: [message.channel] },
  });
}

/**
 * Accepts a code once: sent back by the device that it was made for, in time, within its attempts.
 * Why one is refused is not said.
 * @throws Problem mfa_failed
 */
export async function acceptCode(
  { challengeId, code }: { challengeId: string; code: string },
  user: User,
  device: Device,
  caller: Caller,
  ports: Ports,
): Promise<void> {
  const { effects, protection, audit } = ports;
  const { challenges, attempts } = protection;
  const key = await protection.codeKey();
  const now = effects.clock.now();
  const expected = await challenges.takeAttempt(challengeId, user.userId, attemptsPerCode, now);
  const given = hashCode(key, challengeId, user, device, code);
  // The write that uses the challenge up comes last: of two right answers at one moment it lets in one.
  if (expected !== undefined && isSame(expected, given) && (await challenges.use(challengeId))) {
    await attempts.reset(codesKey(user));
    return;
  }
  const details = { actor: actor(user), reason: 'mfa_failed' };
  await audit.append(userAuditEntry('user.login_denied', user.userId, caller, effects, details));
  throw new Problem('mfa_failed', 'The code is wrong or no longer valid; log in again to be sent a new one.');
}

/** Each code may be guessed at a few times, so their number is limited too. */
async function limitCodes(user: User, { effects, protection }: Ports): Promise<void> {
  const { attempts, limits } = protection;
  const now = effects.clock.now();
  const taken = await attempts.take(codesKey(user), limits.codesPerWindow, now, limits.windowSeconds);
  if (taken.kind === 'exhausted') {
    throw new Problem('rate_limited', 'Too many codes were sent; try again later.', {
      retryAfterSeconds: Math.max(1, Math.ceil((taken.until.getTime() - now.getTime()) / 1000)),
    });
  }
}

const codesKey = ({ userId }: User) => `CODES#${userId}`;
const actor = ({ userId, role }: User) => ({ id: userId, role });

/** Everything that a code is bound to is part of what is hashed; the id, never used twice, is the salt. */
function hashCode(key: string, challengeId: string, { userId }: User, device: Device, code: string): string {
  const bound = [challengeId, userId, device.os, device.browser, networkOf(device.ip), code];
  return createHmac('sha256', key).update(JSON.stringify(bound)).digest('base64');
}

function isSame(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected, 'base64'), Buffer.from(given, 'base64')];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The one place beside the person's head where the code exists in the clear. */
function codeMessage(user: User, challengeId: string, code: string, expiresAt: Date): Notification {
  return {
    notificationId: challengeId,
    topic: 'user',
    channel: user.phone === undefined ? 'email' : 'sms',
    role: user.role,
    type: 'mfa_code',
    userId: user.userId,
    data: { code, expiresAt: expiresAt.toISOString() },
  };
}
