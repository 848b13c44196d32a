import type { AnalyticsEvent } from '../../shared/analytics/event.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Erasure, PrivacyPorts, SentNotification } from '../../shared/identity/personal-data.ts';
import { withoutPersonalData } from '../../shared/orders/erase-order.ts';
import type { Order } from '../../shared/orders/order.ts';

/** Personal data in memory. `steps` tells what was done in which order; `dieAt` breaks off at a step, once. */
export class FakePrivacy implements PrivacyPorts {
  readonly orders = new Map<string, Order>();
  readonly entries: AuditEntry[] = [];
  readonly notifications: SentNotification[] = [];
  readonly registered = new Map<string, Erasure>();
  readonly checkoutStates = new Map<string, 'running' | 'ended' | 'none'>();
  readonly steps: string[] = [];
  readonly finished: AuditEntry[] = [];
  dieAt: string | undefined;
  /** Runs when a checkout's state is asked for. */
  whenAsked: (() => void) | undefined;
  /** Deletes the record from the store that stands beside this fake. */
  removeRecord: (userId: string) => void = () => undefined;

  readonly data: PrivacyPorts['data'] = {
    ordersOf: async (userId) => [...this.orders.values()].filter((order) => order.userId === userId),
    auditEntriesOf: async () => this.entries,
    waitingCheckoutsOf: async () => [],
    notificationsOf: async () => this.notifications,
    eraseOrder: async (orderId, at) => {
      this.step(`eraseOrder ${orderId}`);
      const order = this.orders.get(orderId);
      if (order) this.orders.set(orderId, withoutPersonalData(order, at.toISOString()));
    },
    eraseTraces: async () => this.step('eraseTraces'),
  };

  readonly erasures: PrivacyPorts['erasures'] = {
    find: async (userId) => this.registered.get(userId),
    removeUser: async (user, erasure) => {
      this.step('removeUser');
      this.removeRecord(user.userId);
      this.registered.set(user.userId, erasure);
    },
    finish: async (userId, finishedAt, entry) => {
      this.step('finish');
      const erasure = this.registered.get(userId);
      if (erasure) this.registered.set(userId, { ...erasure, finishedAt });
      this.finished.push(entry);
    },
  };

  readonly checkouts: PrivacyPorts['checkouts'] = {
    stateOf: async (orderId) => {
      this.whenAsked?.();
      return this.checkoutStates.get(orderId) ?? 'ended';
    },
  };

  private step(name: string): void {
    if (this.dieAt === name) {
      this.dieAt = undefined;
      throw new Error(`died at ${name}`);
    }
    this.steps.push(name);
  }
}

export function fakeStream() {
  const events: AnalyticsEvent[] = [];
  return {
    events,
    putAll: async (more: readonly AnalyticsEvent[]) => {
      events.push(...more);
    },
  };
}
