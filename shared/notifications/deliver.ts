import type { Clock } from '../effects.ts';
import { FinalError, TransientError } from '../errors.ts';
import { logger } from '../observability/logger.ts';
import type { PublishMetrics } from '../observability/metrics.ts';
import type { Content, Reader } from './content.ts';
import type { DeliveryRecords, Readers, Sender, SendResult } from './delivery-ports.ts';
import { type Channel, eventOf, type ReceivedNotification } from './notification.ts';
import { type Recipient, recipientsOf } from './recipients.ts';
import type { Render } from './templates/template.ts';
import { templates } from './templates/templates.ts';

export interface DeliveryPorts<C extends Channel> {
  readonly channel: C;
  readonly sender: Sender<C>;
  readonly readers: Readers;
  readonly records: DeliveryRecords;
  readonly clock: Clock;
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
/** As long as the table keeps a record: a claim that never ends by itself. */
const foreverMilliseconds = 30 * 24 * 3600 * 1000;
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
 * A crash between sending and noting it leaves it unknown whether it was sent. It is sent again then, once the claim
 * has ended; an event with `repeat: 'never'` is not.
 * @throws Error of the first recipient that should be tried again
 */
export async function deliver<C extends Channel>(
  message: ReceivedNotification,
  ports: DeliveryPorts<C>,
): Promise<void> {
  const { channel, readers, clock } = ports;
  const { recipients, skipped } = await recipientsOf(message, ports, readers, clock.now());
  for (const reason of skipped) logger.info('notification skipped', { ...about(message, channel), reason });
  const failures: unknown[] = [];
  for (const recipient of recipients) {
    try {
      await deliverTo(recipient, message, ports);
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
): Promise<void> {
  const { channel, records, clock, sender } = ports;
  const { notificationId, type, orderId = '' } = message;
  const record = `DELIVERY#${channel}#${notificationId}#${key}`;
  const content = renderFor(message, channel)(message.data, { orderId, reader });
  const { repeat, bulk, optIn = false } = eventOf(type);
  const atMostOnce = repeat === 'never';
  const now = clock.now();
  const until = new Date(now.getTime() + (atMostOnce ? foreverMilliseconds : claimMilliseconds));
  const giveBack = () => records.release(record, until).catch(() => undefined);
  const claim = await records.claim(record, now, until).catch(async (error: unknown) => {
    // It may have been taken all the same, and nothing has been sent under it.
    await giveBack();
    throw error;
  });
  if (claim === 'done' || (claim === 'busy' && atMostOnce)) {
    logger.info('notification was delivered before', about(message, channel));
    return;
  }
  if (claim === 'busy') throw new TransientError(`Another attempt is delivering ${notificationId}`);
  let result: SendResult;
  try {
    result = await unthrottled(() => sender.send(address, content, { type, optIn }), ports);
  } catch (error) {
    if (atMostOnce && error instanceof TransientError) {
      await records.complete(record, 'unknown');
      logger.warn('notification may not have been delivered', about(message, channel));
      return;
    }
    await giveBack();
    throw error;
  }
  if (result.status === 'throttled') {
    await giveBack();
    logger.warn('notification was throttled', about(message, channel));
    throw new TransientError(`${channel} takes no more messages now`);
  }
  if (result.status === 'undeliverable') {
    const { reason } = result;
    logger.warn('notification is undeliverable', { ...about(message, channel), reason });
    ports.publish({ measurements: [{ name: 'Undeliverable', unit: 'Count', value: 1 }] });
  } else {
    logger.info('notification delivered', about(message, channel));
  }
  await records.complete(record, result.status);
  if (bulk) await ports.pause(bulkPause);
}

/** Asks the sender again while it has no time, for as long as the Lambda can wait. */
async function unthrottled(
  send: () => Promise<SendResult>,
  { pause }: Pick<DeliveryPorts<Channel>, 'pause'>,
): Promise<SendResult> {
  let result = await send();
  for (const milliseconds of throttlePauses) {
    if (result.status !== 'throttled') break;
    await pause(milliseconds);
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
