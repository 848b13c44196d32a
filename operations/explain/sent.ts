import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { createReaders } from '../../shared/adapters/dynamodb/notification-readers.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Readers } from '../../shared/notifications/delivery-ports.ts';
import { type Channel, channels, reachesStaff } from '../../shared/notifications/notification.ts';
import { orderMessageIds } from '../../shared/notifications/order-messages.ts';
import { publicationKey } from '../../shared/notifications/publish-once.ts';
import { deliveryKey, keysOfStaff, keysOfUser } from '../../shared/notifications/recipients.ts';
import { paymentAlertIds } from '../../shared/payments/payment-alert.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';

/** What is known of one way of one message. */
export interface Sent {
  /** What was told, e.g. `order_shipped`; of a payment, what happened to it. */
  readonly message: string;
  readonly to: 'customer' | 'staff';
  /** `published`, or the channel that it went over and to whom, by id. */
  readonly over: string;
  readonly state: string;
}

export interface Told {
  readonly orderId: string;
  /** Undefined once the order was deleted. */
  readonly userId: string | undefined;
  readonly trail: readonly AuditEntry[];
  readonly paymentId: string | undefined;
}

interface Message {
  readonly id: string;
  readonly message: string;
  readonly to: Sent['to'];
}
type Key = Omit<Sent, 'state'> & { readonly pk: string };

const claimSchema = z.object({ pk: z.string(), state: z.string(), outcome: z.string().optional() });

/**
 * What the records say, which are kept for 30 days: of all messages that there can be about an order, which were
 * published, and which reached whom over which channel. The staff are looked for as they are now: by their mailboxes,
 * and by each Manager and Admin. So are the customer's apps.
 */
export async function sentOf(target: Target, told: Told): Promise<Sent[]> {
  const tables = tablesOf(target);
  const keys = await keysOf(messagesOf(told), told, target);
  const claims = await batchGet(
    target.dynamo,
    tables.idempotency,
    keys.map(({ pk }) => ({ pk })),
    retryEffects,
    { consistent: true },
  );
  const found = new Map(claims.map((claim) => claimSchema.parse(claim)).map((claim) => [claim.pk, claim]));
  return keys.flatMap(({ pk, ...way }) => {
    const claim = found.get(pk);
    return claim ? [{ ...way, state: claim.outcome ?? claim.state }] : [];
  });
}

function messagesOf({ orderId, trail, paymentId }: Told): Message[] {
  const alerts = paymentAlertIds(orderId, trail, paymentId).map((id) => ({
    id,
    message: id.split('#')[1] ?? 'payment_alert',
    to: 'staff' as const,
  }));
  const messages = orderMessageIds(orderId).map(
    ({ id, name, role }): Message => ({
      id,
      message: name,
      to: role === 'Customer' ? 'customer' : 'staff',
    }),
  );
  return [...messages, ...alerts];
}

async function keysOf(messages: readonly Message[], { userId }: Told, target: Target): Promise<Key[]> {
  const readers = createReaders(target.dynamo, tablesOf(target).users);
  const customers = await customerKeys(userId, readers);
  const staff = keysOfStaff(mailboxesOf(target), await readers.staff());
  const keys = messages.flatMap(({ id, ...message }): Key[] => {
    const recipients =
      message.to === 'customer' ? customers : (channel: Channel) => staffOver(channel, staff);
    const deliveries = channels.flatMap((channel) =>
      recipients(channel).map((recipient) => ({
        ...message,
        pk: deliveryKey(channel, id, recipient),
        over: `by ${channel} to ${recipient}`,
      })),
    );
    return [{ ...message, pk: publicationKey(id), over: 'published' }, ...deliveries];
  });
  // A trail may tell of the same alert twice; DynamoDB refuses to be asked twice for one key.
  return [...new Map(keys.map((key) => [key.pk, key])).values()];
}

async function customerKeys(userId: string | undefined, { find }: Readers) {
  const user = userId === undefined ? undefined : await find(userId);
  return (channel: Channel) => (userId === undefined ? [] : keysOfUser(userId, channel, user?.pushEndpoints));
}

function staffOver(channel: Channel, keys: readonly string[]): readonly string[] {
  return reachesStaff(channel) ? keys : [];
}

/** The stage's setting; a stage that was deployed before it told has none here. */
function mailboxesOf({ outputs }: Target): string[] {
  const { StaffAddresses = 'none' } = outputs;
  return StaffAddresses === 'none' ? [] : StaffAddresses.split(',');
}
