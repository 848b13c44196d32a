import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { User } from '../identity/user.ts';
import type { Reader } from './content.ts';
import type { Readers } from './delivery-ports.ts';
import { isMailAddress } from './mail-address.ts';
import { audienceOf, type Channel, eventOf, type ReceivedNotification } from './notification.ts';

export interface Recipient {
  /** Tells recipients of one message apart, without telling where they are reached. */
  readonly key: string;
  readonly address: string;
  readonly reader: Reader;
}

/** Why a person is not sent a message; nothing is wrong then, and nothing is tried again. */
export type SkipReason =
  | 'not_for_this_channel'
  | 'expired'
  | 'no_account'
  | 'account_disabled'
  | 'not_opted_in'
  | 'no_address';

export interface Addressed {
  readonly recipients: readonly Recipient[];
  /** One for each person who is not sent it. */
  readonly skipped: readonly SkipReason[];
}

export interface RecipientOptions {
  readonly channel: Channel;
  /** Mailboxes that take the staff's alerts instead of the Managers' and Admins' own. */
  readonly staffAddresses: readonly string[];
}

const phone = z.e164();

/**
 * Who is sent a message over a channel, as things are now: one read of the user, or of the staff. Somebody may have
 * been erased, disabled, or have opted out since the message was published.
 */
export async function recipientsOf(
  message: ReceivedNotification,
  { channel, staffAddresses }: RecipientOptions,
  readers: Readers,
  now: Date,
): Promise<Addressed> {
  const audience = audienceOf(message.type, message.role);
  const isForChannel = message.channel === undefined || message.channel === channel;
  if (!audience?.channels.includes(channel) || !isForChannel) return none('not_for_this_channel');
  const { expiresAt } = message.data;
  if (expiresAt !== undefined && new Date(expiresAt) <= now) return none('expired');
  if (audience.to === 'user') {
    const user = message.userId === undefined ? undefined : await readers.find(message.userId);
    return addressed([user], message, channel);
  }
  if (staffAddresses.length > 0) return { recipients: staffAddresses.map(mailboxOfStaff), skipped: [] };
  return addressed(await readers.staff(), message, channel);
}

function none(reason: SkipReason): Addressed {
  return { recipients: [], skipped: [reason] };
}

function addressed(
  users: readonly (User | undefined)[],
  message: ReceivedNotification,
  channel: Channel,
): Addressed {
  const recipients: Recipient[] = [];
  const skipped: SkipReason[] = [];
  for (const user of users) {
    const reason = refusal(user, message);
    const addresses = user && !reason ? addressesOf(user, channel) : [];
    if (addresses.length > 0) recipients.push(...addresses);
    else skipped.push(reason ?? 'no_address');
  }
  return { recipients, skipped };
}

function refusal(user: User | undefined, message: ReceivedNotification): SkipReason | undefined {
  const { concernsMoney, optIn } = eventOf(message.type);
  if (!user || user.erasureStartedAt !== undefined) return 'no_account';
  if (user.disabled && !concernsMoney) return 'account_disabled';
  return optIn && user.preferences.newsletterOptIn !== true ? 'not_opted_in' : undefined;
}

/** An address that no service would take is left out here, where it costs no attempt. */
function addressesOf(user: User, channel: Channel): Recipient[] {
  const { userId, username: name, email } = user;
  switch (channel) {
    case 'email':
      return isMailAddress(email) ? [{ key: userId, address: email, reader: { name } }] : [];
    case 'sms':
      return phone.safeParse(user.phone).success && user.phone !== undefined
        ? [{ key: userId, address: user.phone, reader: { name } }]
        : [];
    case 'push':
      return (user.pushEndpoints ?? []).map((address) => ({
        key: endpointKey(userId, address),
        address,
        reader: { name },
      }));
  }
}

function mailboxOfStaff(address: string): Recipient {
  return { key: mailboxKey(address), address, reader: {} };
}

const endpointKey = (userId: string, endpoint: string) => `${userId}#${shortHash(endpoint)}`;
const mailboxKey = (address: string) => `STAFF#${shortHash(address)}`;

/** Under which the Idempotency table has what became of a message for one recipient over one channel. */
export const deliveryKey = (channel: Channel, notificationId: string, recipient: string): string =>
  `DELIVERY#${channel}#${notificationId}#${recipient}`;

/** Keys that a person may have been sent something under: by the person, or of an app by each of its endpoints. */
export function keysOfUser(
  userId: string,
  channel: Channel,
  pushEndpoints: readonly string[] = [],
): string[] {
  return channel === 'push' ? pushEndpoints.map((endpoint) => endpointKey(userId, endpoint)) : [userId];
}

/** Keys that the staff may have been sent something under: by their mailboxes, or by each of them where there is none. */
export function keysOfStaff(
  staffAddresses: readonly string[],
  staff: readonly Pick<User, 'userId'>[],
): string[] {
  return [...staffAddresses.map(mailboxKey), ...staff.map(({ userId }) => userId)];
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
