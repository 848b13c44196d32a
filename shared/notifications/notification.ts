import * as z from 'zod';
import { failureCodeSchema } from '../orders/order.ts';

export const channels = ['email', 'sms', 'push'] as const;
export type Channel = (typeof channels)[number];
export type AudienceRole = 'Customer' | 'Manager' | 'Admin';

interface Audience {
  /** `user`: the person that the message names. `staff`: whoever the stage lets its alerts go to. */
  readonly to: 'user' | 'staff';
  readonly channels: readonly Channel[];
}

interface EventDefinition {
  readonly topic: 'order' | 'user';
  /**
   * What the message says beside whom it is about. Strings, as they stand in the message. More than the text needs
   * does no harm: a publisher may be deployed before the deliverers.
   */
  readonly facts: z.ZodType<Readonly<Record<string, string | undefined>>>;
  readonly audience: Readonly<Partial<Record<AudienceRole, Audience>>>;
  /**
   * What a crash between sending and noting it costs: a message that comes twice, or one that does not come.
   * Left out, it may come twice.
   */
  readonly repeat?: 'never';
  /** Told to a disabled account too: it is about the person's money. */
  readonly concernsMoney?: true;
  /** Only to those who opted in to the newsletter. */
  readonly optIn?: true;
  /** Published to very many at once: it waits in a queue of its own, where it keeps nobody's code or order waiting. */
  readonly bulk?: true;
}

const toUser = <const C extends readonly Channel[]>(...of: C) => ({ to: 'user', channels: of }) as const;
const toStaff = <const C extends readonly Channel[]>(...of: C) => ({ to: 'staff', channels: of }) as const;

const digits = z.string().regex(/^\d{1,16}$/);
const amount = { total: digits, currency: z.string() };
/** The amount may be missing: a checkout that began before messages told it does not send it. */
const paid = z.object({ total: digits.optional(), currency: z.string().optional() });
const nothing = z.object({});

/**
 * Every message that the code can send, for whom and over which channels. A row needs a text for each of its roles
 * and channels (templates/), or nothing compiles. A stage delivers over those channels that it has.
 */
export const notificationEvents = {
  order_confirmation: {
    topic: 'order',
    facts: paid,
    audience: { Customer: toUser('email', 'sms', 'push') },
    concernsMoney: true,
  },
  /** Paid, but only what was in stock. */
  order_partial: {
    topic: 'order',
    facts: paid,
    audience: { Customer: toUser('email', 'sms', 'push') },
    concernsMoney: true,
  },
  /** Payment failed, rejected by a review, out of stock and all other failures: the code says which. */
  order_failed: {
    topic: 'order',
    facts: z.object({ failureCode: failureCodeSchema }),
    audience: { Customer: toUser('email', 'sms', 'push') },
    concernsMoney: true,
  },
  order_cancelled: {
    topic: 'order',
    facts: z.object({ failureCode: z.literal('cancelled') }),
    audience: { Customer: toUser('email', 'push') },
    concernsMoney: true,
  },
  order_refunded: {
    topic: 'order',
    facts: z.object({ failureCode: z.literal('refunded') }),
    audience: { Customer: toUser('email', 'push') },
    concernsMoney: true,
  },
  /** To the staff: a review is needed. To the customer: it takes a while. */
  order_on_hold: {
    topic: 'order',
    facts: z.object({
      ...amount,
      /** Codes of the rules that flagged it, and what they mean; to the staff alone. */
      reasons: z.string().optional(),
      explanation: z.string().optional(),
    }),
    audience: { Customer: toUser('email', 'push'), Manager: toStaff('email') },
  },
  order_approved: { topic: 'order', facts: nothing, audience: { Customer: toUser('email', 'push') } },
  order_shipped: {
    topic: 'order',
    facts: nothing,
    audience: { Customer: toUser('email', 'sms', 'push') },
  },
  order_delivered: { topic: 'order', facts: nothing, audience: { Customer: toUser('email', 'push') } },
  /** What was done to a payment at the provider, by staff in its dashboard or by the cardholder's bank. */
  payment_alert: {
    topic: 'order',
    facts: z.object({
      happened: z.enum(['refunded', 'disputed', 'refund_failed', 'refund_refused', 'wrong_amount']),
      refunded: digits,
      currency: z.string(),
    }),
    audience: { Manager: toStaff('email') },
  },
  low_stock: {
    topic: 'order',
    facts: z.object({
      productId: z.string(),
      name: z.string(),
      availableCount: z.string(),
      threshold: z.string(),
    }),
    audience: { Manager: toStaff('email') },
  },
  /** Goes over one channel, which the message names; a person of any role logs in. */
  mfa_code: {
    topic: 'user',
    facts: z.object({ code: z.string(), expiresAt: z.iso.datetime() }),
    audience: {
      Customer: toUser('email', 'sms'),
      Manager: toUser('email', 'sms'),
      Admin: toUser('email', 'sms'),
    },
  },
  promotion: {
    topic: 'user',
    facts: z.object({
      code: z.string(),
      kind: z.enum(['percent', 'fixed']),
      /** Percent, or minor units of `currency`. */
      value: digits,
      /** Orders in this currency alone can use it. */
      currency: z.string().optional(),
      /** What an order must come to, in minor units of `minimumCurrency`. */
      minimum: digits.optional(),
      minimumCurrency: z.string().optional(),
      /** How often it can be used in all, and by one customer. */
      maxUses: digits.optional(),
      maxUsesPerUser: digits.optional(),
      firstOrderOnly: z.literal('true').optional(),
      expiresAt: z.iso.datetime().optional(),
    }),
    audience: { Customer: toUser('email', 'push') },
    repeat: 'never',
    optIn: true,
    bulk: true,
  },
} satisfies Record<string, EventDefinition>;

type Events = typeof notificationEvents;
export type NotificationType = keyof Events;
export type Facts<T extends NotificationType> = z.infer<Events[T]['facts']>;

/**
 * A message on its way to a person. It names the user and the order only: the address to send to is looked
 * up when it is delivered, so that none waits in a queue. `role` says for whom it is; a subscriber filters on
 * `channel`, `role` and `type`. An `mfa_code` cannot but carry its code, in `data`: the topics are encrypted
 * under our own key, and the code is worth nothing without the password and the device that asked for it.
 */
interface NotificationOf<T extends NotificationType> {
  /** The same for every repetition, so that a deliverer can tell one. */
  readonly notificationId: string;
  readonly topic: Events[T]['topic'];
  /** The only channel to use; without one, all that the event has for the role. */
  readonly channel?: Channel;
  readonly role: keyof Events[T]['audience'];
  readonly type: T;
  /** Absent when it is about no order. */
  readonly orderId?: string;
  /** The customer that it is about; for messages to staff too. */
  readonly userId?: string;
  readonly data: Facts<T>;
}
export type Notification = { [T in NotificationType]: NotificationOf<T> }[NotificationType];

const types = Object.keys(notificationEvents);
const isType = (text: string): text is NotificationType => types.includes(text);

/** A message as a deliverer receives it. What `data` must hold depends on the type; its text checks that. */
export const receivedNotificationSchema = z.object({
  notificationId: z.string(),
  channel: z.enum(channels).optional(),
  role: z.enum(['Customer', 'Manager', 'Admin']),
  type: z.string().refine(isType, 'is no event that this code knows'),
  orderId: z.string().optional(),
  userId: z.string().optional(),
  data: z.record(z.string(), z.string()),
});
export type ReceivedNotification = z.infer<typeof receivedNotificationSchema>;

/** What the event says about a role; undefined when it is not for that role. */
export function audienceOf(type: NotificationType, role: AudienceRole): Audience | undefined {
  const { audience }: EventDefinition = notificationEvents[type];
  return audience[role];
}

export function eventOf(type: NotificationType): EventDefinition {
  return notificationEvents[type];
}

/** The channels that a message goes over, where the stage has them. */
export function channelsOf({ type, role, channel }: Notification): readonly Channel[] {
  return channel === undefined ? (audienceOf(type, role)?.channels ?? []) : [channel];
}

/** Whether some event goes to the staff over a channel, so that its deliverer has to know them. */
export function reachesStaff(channel: Channel): boolean {
  return types
    .filter(isType)
    .some((type) =>
      Object.values<Audience>(eventOf(type).audience).some(
        ({ to, channels: of }) => to === 'staff' && of.includes(channel),
      ),
    );
}

/** The events that may go over a channel, singly or in bulk, for the filter of its queue. */
export function typesOver(channel: Channel, { bulk }: { readonly bulk: boolean }): NotificationType[] {
  return types
    .filter(isType)
    .filter((type) => (eventOf(type).bulk ?? false) === bulk)
    .filter((type) =>
      Object.values<Audience>(eventOf(type).audience).some(({ channels: of }) => of.includes(channel)),
    );
}
