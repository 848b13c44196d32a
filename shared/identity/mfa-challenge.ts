import { createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../api/problem.ts';
import type { Channel } from '../notifications/notification.ts';
import type { Notification } from '../notifications/notifier.ts';
import { logger } from '../observability/logger.ts';
import { refuseAfterWrongCodes, takeCode, takeGuess } from './code-limits.ts';
import { networkOf } from './network-address.ts';
import type { Device, User } from './user.ts';
import { userAuditEntry } from './user-audit.ts';
import type { Caller, UserPorts } from './user-ports.ts';

type Ports = Pick<UserPorts, 'audit' | 'effects' | 'protection'>;

const codeLifetimeSeconds = 10 * 60;
const attemptsPerCode = 5;

/**
 * Sends the person a code that lets exactly this device in, and refuses until it comes back.
 * @throws Problem mfa_required; rate_limited when too many codes were sent to the user or to where they go;
 * account_locked after too many wrong codes
 */
export async function demandCode(user: User, device: Device, caller: Caller, ports: Ports): Promise<never> {
  await refuseAfterWrongCodes(user, ports);
  const message = await sendCode(user, device, caller, ports);
  throw new Problem('mfa_required', 'This address or device is new; send the code that you were sent.', {
    extension: {
      challengeId: message.notificationId,
      expiresAt: message.data.expiresAt,
      channels: [message.channel],
    },
  });
}

/** Makes and sends a code. One that could not be sent is on no count. @throws Problem rate_limited */
async function sendCode(user: User, device: Device, caller: Caller, ports: Ports) {
  const { effects, protection, audit } = ports;
  const count = await takeCode(user, ports);
  try {
    const challengeId = effects.ids.next();
    const code = String(Math.floor(effects.random() * 1_000_000)).padStart(6, '0');
    const expiresAt = new Date(effects.clock.now().getTime() + codeLifetimeSeconds * 1000);
    const codeHash = hashCode(await protection.codeKey(), challengeId, user, device, code);
    await protection.challenges.put({ challengeId, userId: user.userId, codeHash, expiresAt });
    const details = { actor: actor(user) };
    await audit.append(userAuditEntry('user.mfa_required', user.userId, caller, effects, details));
    const channel = codeChannel(user, protection.codeChannels);
    const message = codeMessage(user, channel, challengeId, code, expiresAt);
    await protection.notifier.publish(message);
    // Ties the request's id to the message's, by which its delivery is found.
    const { requestId } = caller;
    logger.info('code sent', { requestId, notificationId: challengeId, userId: user.userId, channel });
    await count.keep();
    return message;
  } catch (error) {
    await count.giveBack();
    throw error;
  }
}

/**
 * Accepts a code once: sent back by the device that it was made for, in time, within its attempts.
 * Why one is refused is not said.
 * @throws Problem mfa_failed; account_locked after too many wrong codes
 */
export async function acceptCode(
  { challengeId, code }: { challengeId: string; code: string },
  user: User,
  device: Device,
  caller: Caller,
  ports: Ports,
): Promise<void> {
  const { effects, protection, audit } = ports;
  const { challenges } = protection;
  const key = await protection.codeKey();
  // Before the code is looked at, so that guesses at one moment are no more than the limit.
  const guess = await takeGuess(user, ports);
  const expected = await challenges.takeAttempt(
    challengeId,
    user.userId,
    attemptsPerCode,
    effects.clock.now(),
  );
  const given = hashCode(key, challengeId, user, device, code);
  // The write that uses the challenge up comes last: of two right answers at one moment it lets in one.
  if (expected !== undefined && isSame(expected, given) && (await challenges.use(challengeId))) {
    await guess.wasRight();
    return;
  }
  await guess.wasWrong();
  const details = { actor: actor(user), reason: 'mfa_failed' };
  await audit.append(userAuditEntry('user.login_denied', user.userId, caller, effects, details));
  throw new Problem('mfa_failed', 'The code is wrong or no longer valid; log in again to be sent a new one.');
}

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

/** To the telephone, if there is a number and the stage sends text messages; else to the mailbox. */
function codeChannel({ phone }: User, channels: readonly Channel[]): Channel {
  return phone !== undefined && (channels.includes('sms') || !channels.includes('email')) ? 'sms' : 'email';
}

/** The one place beside the person's head where the code exists in the clear. */
function codeMessage(user: User, channel: Channel, challengeId: string, code: string, expiresAt: Date) {
  return {
    notificationId: challengeId,
    topic: 'user',
    channel,
    role: user.role,
    type: 'mfa_code',
    userId: user.userId,
    data: { code, expiresAt: expiresAt.toISOString() },
  } as const satisfies Notification;
}
