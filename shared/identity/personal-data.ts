import type { AuditEntry } from '../audit/audit-entry.ts';
import type { Order } from '../orders/order.ts';
import type { User } from './user.ts';

/** A message that was sent about an order; who it reached is known to the deliverer alone. */
export interface SentNotification {
  readonly orderId: string;
  readonly type: string;
  readonly state: string;
}

/** What is held on a person beside the user record. Throws TransientError when a store is busy. */
export interface PersonalData {
  /** Every order of the person, newest first. */
  ordersOf(userId: string): Promise<Order[]>;
  /** Entries about the person, about their orders, and about whatever they did; newest first. */
  auditEntriesOf(userId: string, orderIds: readonly string[]): Promise<AuditEntry[]>;
  /** Ids of the orders whose checkouts wait for the person's profile. */
  waitingCheckoutsOf(userId: string): Promise<string[]>;
  notificationsOf(orderIds: readonly string[]): Promise<SentNotification[]>;
  /** Takes the personal data out of an order and deletes what is kept beside it. Repeatable. */
  eraseOrder(orderId: string, at: Date): Promise<void>;
  /** Takes out of the audit trail, and of its mirrors on products and orders, where the person came from. Repeatable. */
  eraseTraces(userId: string, orderIds: readonly string[]): Promise<void>;
}

/** How far the workflow of an order has come. */
export interface CheckoutProgress {
  stateOf(orderId: string): Promise<'running' | 'ended' | 'none'>;
}

/** What stays of a person: an opaque id and when it was erased. A restored backup is erased again by this list. */
export interface Erasure {
  readonly userId: string;
  readonly startedAt: string;
  /** Absent while traces may be left. */
  readonly finishedAt?: string | undefined;
}

export interface ErasureRegister {
  find(userId: string): Promise<Erasure | undefined>;
  /** Deletes the record, frees e-mail address and username, and registers the erasure, all in one. */
  removeUser(user: User, erasure: Erasure): Promise<void>;
  /** Marks the erasure finished, once, with its audit entry. */
  finish(userId: string, finishedAt: string, entry: AuditEntry): Promise<void>;
}

export interface PrivacyPorts {
  readonly data: PersonalData;
  readonly erasures: ErasureRegister;
  readonly checkouts: CheckoutProgress;
}
