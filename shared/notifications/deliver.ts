import type { Clock } from '../effects.ts';
import { FinalError, TransientError } from '../errors.ts';
import { logger } from '../observability/logger.ts';
import type { PublishMetrics } from '../observability/metrics.ts';
import type { Content, Reader } from './content.ts';
import type { DeliveryRecords, Readers, Sender, SendResult } from './delivery-ports.ts';
import { type Channel, eventOf, type ReceivedNotification } from './notification.ts';
import { deliveryKey, type Recipient, recipientsOf } from './recipients.ts';
import type { Render } from './templates/template.ts';
import { templates } from './templates/templates.ts';

export interface DeliveryPorts<C extends Channel> {
  readonly channel: C;
  readonly sender: Sender<C>;
  readonly readers: Readers;
  readonly records: DeliveryRecords;
  readonly clock: Clock;
  /** An id for each attempt to send. */
  readonly newAttempt: () => string;
  readonly staffAddresses: readonly string[];
  readonly publish: PublishMetrics;
  /** Waits for about so many milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** There is no text of a message for this channel and role: nobody can be sent it until there is one. */
export class NoTextError extends FinalError {
  override readonly name = 'NoTextError';
}

/** Longer than a delivery Lambda may run, shorter than a message stays invisible: no living attempt loses its claim. */
const claimMilliseconds = 20_000;
/** The last time since the Lambda began at which a send may begin: a slow one takes 8 of its 15 seconds. */
export const lastSendMilliseconds = 6_000;
/** One attempt may go out without our learning of it; the one after it is the last. */
const mostSends = 2;
/**
 * Before each further try of a message that was throttled. It was surely not sent, so its claim still holds; and a
 * provider that counts by the second has forgotten by then. Only what outlasts this uses up a try of the queue's.
 */
const throttlePauses = [500, 1_500];
/** After each message of a mailing: with two at a time, which the queue sees to, four leave in a second. */
const bulkPause = 500;

/**
 * Sends a message to everybody that it is for, once each: what was done before is not done again, whoever repeats
 * the message and when. One recipient's trouble does not keep it from the others.
 *
 * A crash between sending and noting it leaves it unknown whether it was sent, as does a provider that does not
 * answer. It is sent once more then, and that is all: what stays unknown is done with. An event with
 * `repeat: 'never'` is not sent a second time.
 * @throws Error of the first recipient that should be tried again
 */
export async function deliver<C extends Channel>(
  message: ReceivedNotification,
  ports: DeliveryPorts<C>,
): Promise<void> {
  const { channel, readers, clock } = ports;
  const begun = clock.now();
  const lastSend = new Date(begun.getTime() + lastSendMilliseconds);
  const { recipients, skipped } = await recipientsOf(message, ports, readers, begun);
  for (const reason of skipped) {
    // Most people have no app, and many no number: no news, for each message of each of them.
    const log = reason === 'no_address' ? 'debug' : 'info';
    logger[log]('notification skipped', { ...about(message, channel), reason });
  }
  const failures: unknown[] = [];
  for (const recipient of recipients) {
    try {
      await deliverTo(recipient, message, ports, lastSend);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function deliverTo<C extends Channel>(
  { key, address, reader }: Recipient,
  message: ReceivedNotification,
  ports: DeliveryPorts<C>,
  lastSend: Date,
): Promise<void> {
  const { channel, records, clock, sender } = ports;
  const { notificationId, type, orderId = '' } = message;
  const record = deliveryKey(channel, notificationId, key);
  const content = renderFor(message, channel)(message.data, { orderId, reader });
  const { repeat, bulk, optIn = false } = eventOf(type);
  const most = repeat === 'never' ? 1 : mostSends;
  const id = ports.newAttempt();
  const now = clock.now();
  if (now > lastSend) throw new TransientError(`There was no time left to deliver ${notificationId}`);
  const until = new Date(now.getTime() + claimMilliseconds);
  const giveBack = () => records.release(record, id).catch(() => undefined);
  const claim = await records.claim(record, { id, now, until, most }).catch(async (error: unknown) => {
    // It may have been taken all the same, and nothing has been sent under it.
    await giveBack();
    throw error;
  });
  if (claim.status === 'done') {
    logger.info('notification was delivered before', about(message, channel));
    return;
  }
  if (claim.status === 'busy') throw new TransientError(`Another attempt is delivering ${notificationId}`);
  if (claim.status === 'spent') {
    await conclude({ status: 'unknown', reason: 'no attempt ended' }, { record, id, message }, ports);
    return;
  }
  const result = await sendInTime(
    () => sender.send(address, content, { type, optIn }),
    ports,
    lastSend,
  ).catch(async (error: unknown) => {
    await giveBack();
    throw error;
  });
  if (result.status === 'throttled') {
    await giveBack();
    logger.warn('notification was throttled', about(message, channel));
    throw new TransientError(`${channel} takes no more messages now`);
  }
  if (result.status === 'unknown' && claim.sends < most) {
    // The claim is not given back: it counts as a send, whatever becomes of this process.
    logger.warn('notification may have been sent', { ...about(message, channel), reason: result.reason });
    throw new TransientError(`It is unknown whether ${notificationId} was sent`);
  }
  await conclude(result, { record, id, message }, ports);
  if (bulk) await ports.pause(bulkPause);
}

/** Notes the outcome, and tells of it once it is noted: whoever fails to note it comes again, and tells then. */
async function conclude(
  result: Exclude<SendResult, { status: 'throttled' }>,
  { record, id, message }: { record: string; id: string; message: ReceivedNotification },
  { channel, records, publish }: Pick<DeliveryPorts<Channel>, 'channel' | 'records' | 'publish'>,
): Promise<void> {
  const isOurs = await records.complete(record, id, result.status);
  if (!isOurs) return;
  const facts = about(message, channel);
  if (result.status === 'sent') {
    logger.info('notification delivered', facts);
    return;
  }
  const what = result.status === 'unknown' ? 'may not have been delivered' : 'is undeliverable';
  logger.warn(`notification ${what}`, { ...facts, reason: result.reason });
  publish({ measurements: [{ name: 'Undeliverable', unit: 'Count', value: 1 }] });
}

/** Sends, and sends again while the sender has no time, as long as the Lambda can wait for what it says then. */
async function sendInTime(
  send: () => Promise<SendResult>,
  { clock, pause }: Pick<DeliveryPorts<Channel>, 'clock' | 'pause'>,
  lastSend: Date,
): Promise<SendResult> {
  if (clock.now() > lastSend) throw new TransientError('There was no time left to send');
  let result = await send();
  for (const milliseconds of throttlePauses) {
    if (result.status !== 'throttled') break;
    await pause(milliseconds);
    if (clock.now() > lastSend) break;
    result = await send();
  }
  return result;
}

function renderFor<C extends Channel>(message: ReceivedNotification, channel: C): Render<C> {
  const byChannel: { readonly [K in Channel]?: Render<K> } = templates[message.type][message.role] ?? {};
  const render = byChannel[channel];
  if (!render) throw new NoTextError(`There is no ${channel} text of ${message.type} for ${message.role}`);
  return render;
}

function about({ notificationId, type, role, orderId }: ReceivedNotification, channel: Channel) {
  return { notificationId, type, role, orderId, channel };
}

/** The content that a channel takes, for tests and previews. */
export function render<C extends Channel>(
  message: ReceivedNotification,
  channel: C,
  reader: Reader = {},
): Content[C] {
  return renderFor(message, channel)(message.data, { orderId: message.orderId ?? '', reader });
}
