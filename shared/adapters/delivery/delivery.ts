import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { nonEmpty, readEnvironment } from '../../config/environment.ts';
import { systemClock } from '../../effects.ts';
import { deliver } from '../../notifications/deliver.ts';
import type { Sender } from '../../notifications/delivery-ports.ts';
import { type Channel, receivedNotificationSchema } from '../../notifications/notification.ts';
import { createMetricsPublisher } from '../../observability/metrics.ts';
import { dynamo } from '../dynamodb/client.ts';
import { createDeliveryRecords } from '../dynamodb/delivery-records.ts';
import { createReaders } from '../dynamodb/notification-readers.ts';

const environment = {
  USERS_TABLE: nonEmpty,
  IDEMPOTENCY_TABLE: nonEmpty,
  /** Mailboxes of the staff, with commas between; empty when alerts go to the Managers and Admins themselves. */
  STAFF_ADDRESSES: z.string().transform((text) => text.split(',').filter((address) => address !== '')),
};

/** What a delivery Lambda does with a message's body. @throws EnvironmentError when a setting is missing */
export function createDelivery<C extends Channel>(
  channel: C,
  sender: Sender<C>,
): (body: unknown) => Promise<void> {
  const { USERS_TABLE, IDEMPOTENCY_TABLE, STAFF_ADDRESSES } = readEnvironment(environment);
  const ports = {
    channel,
    sender,
    readers: createReaders(dynamo(), USERS_TABLE),
    records: createDeliveryRecords(dynamo(), IDEMPOTENCY_TABLE),
    clock: systemClock,
    newAttempt: randomUUID,
    staffAddresses: STAFF_ADDRESSES,
    publish: createMetricsPublisher(`delivery-${channel}`),
    // Apart from each other, or what was refused together would come again together.
    pause: (milliseconds: number) => setTimeout(milliseconds * (0.75 + Math.random() / 2)),
  };
  return (body) => deliver(receivedNotificationSchema.parse(body), ports);
}
