import type { User } from '../../shared/identity/user.ts';
import type { Content } from '../../shared/notifications/content.ts';
import type { DeliveryPorts } from '../../shared/notifications/deliver.ts';
import type { DeliveryOutcome, SendResult } from '../../shared/notifications/delivery-ports.ts';
import type { Channel, ReceivedNotification } from '../../shared/notifications/notification.ts';
import { testEffects } from './effects.ts';

export interface Sent<C extends Channel> {
  readonly to: string;
  readonly content: Content[C];
}

export interface DeliveryFakes<C extends Channel> extends DeliveryPorts<C> {
  readonly sent: Sent<C>[];
  readonly users: Map<string, User>;
  /** Claims and outcomes by key. */
  readonly kept: Map<string, { until: Date; attempt: string; sends: number; outcome?: DeliveryOutcome }>;
  /** Answers or throws in place of the provider, one after the other; then all is taken. */
  readonly replies: (SendResult | Error)[];
  /** Breaks off before the outcome is noted, as often as it says. */
  crashes: number;
  /** What was measured, by name. */
  readonly measured: string[];
  /** What was waited for, in milliseconds. */
  readonly pauses: number[];
  /** Moves the clock, in milliseconds. */
  advance(milliseconds: number): void;
}

/** A channel in memory, with the clock of the tests. */
export function deliveryFakes<C extends Channel>(
  channel: C,
  users: readonly User[],
  staffAddresses: readonly string[] = [],
): DeliveryFakes<C> {
  const { clock, ids, advance } = testEffects();
  const kept: DeliveryFakes<C>['kept'] = new Map();
  const byId = new Map(users.map((user) => [user.userId, user]));
  const sent: Sent<C>[] = [];
  const replies: (SendResult | Error)[] = [];
  const measured: string[] = [];
  const pauses: number[] = [];
  const fakes: DeliveryFakes<C> = {
    measured,
    pauses,
    publish: ({ measurements }) => measured.push(...measurements.map(({ name }) => name)),
    pause: async (milliseconds) => {
      pauses.push(milliseconds);
    },
    channel,
    clock,
    advance,
    newAttempt: () => ids.next(),
    staffAddresses,
    sent,
    users: byId,
    kept,
    replies,
    crashes: 0,
    readers: {
      find: async (userId) => byId.get(userId),
      staff: async () => [...byId.values()].filter(({ role, disabled }) => role !== 'Customer' && !disabled),
    },
    records: {
      async claim(key, { id, now, until, most }) {
        const record = kept.get(key);
        if (record?.outcome) return { status: 'done' };
        if (record && record.until > now) return { status: 'busy' };
        if (record && record.sends >= most) return { status: 'spent' };
        const sends = (record?.sends ?? 0) + 1;
        kept.set(key, { until, attempt: id, sends });
        return { status: 'claimed', sends };
      },
      async complete(key, attempt, outcome) {
        if (fakes.crashes > 0) {
          fakes.crashes -= 1;
          throw new Error('the Lambda died');
        }
        const record = kept.get(key);
        if (!record || record.outcome) return false;
        kept.set(key, { ...record, attempt, outcome });
        return true;
      },
      async release(key, attempt) {
        const record = kept.get(key);
        if (!record || record.outcome || record.attempt !== attempt) return;
        kept.set(key, { until: new Date(0), attempt: '', sends: record.sends - 1 });
      },
    },
    sender: {
      async send(to, content) {
        const reply = replies.shift() ?? { status: 'sent' as const };
        if (reply instanceof Error) throw reply;
        if (reply.status === 'sent') sent.push({ to, content });
        return reply;
      },
    },
  };
  return fakes;
}

export function aNotification(overrides: Partial<ReceivedNotification> = {}): ReceivedNotification {
  return {
    notificationId: 'order-1#order_confirmation',
    role: 'Customer',
    type: 'order_confirmation',
    orderId: 'order-1',
    userId: 'user-1',
    data: { total: '1999', currency: 'USD' },
    ...overrides,
  };
}
