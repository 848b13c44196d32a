import type { Page, PageRequest } from '../api/list.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import { FinalError, TransientError } from '../errors.ts';
import type { PaymentRecord } from '../payments/payment-record.ts';
import type { CounterMove } from '../payments/velocity.ts';
import type { Order } from './order.ts';
import type { OrderStatus } from './status.ts';

/** What a POST /order with an Idempotency-Key has led to. */
export interface PlacedRequest {
  readonly requestHash: string;
  readonly orderId: string;
  /** The answer's body, as it was first given. */
  readonly response: string;
}

export interface PlacementKey {
  readonly userId: string;
  readonly key: string;
}

export interface OrderFilter {
  readonly userId?: string | undefined;
  readonly status?: OrderStatus | undefined;
  /** Inclusive bounds on the time of placing. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** Flags of the user that a paid order brings up to date. */
export interface PaidOrderFlags {
  /** Id of a saved method. */
  readonly preferredPaymentMethod?: string | undefined;
  readonly lastSelectedAddress?: string | undefined;
}

/** Orders by id. Throws TransientError when the store is busy. */
export interface OrderStore {
  /**
   * Writes order, answer, audit entry and the use of its promo code together, unless the key has been used, and
   * counts the order for the fraud rules.
   * The same transaction makes sure that the customer's account is still there and open.
   * @throws Problem promo_invalid when a limit of the code is reached · account_disabled · invalid_token when
   *   the account is gone
   * @returns the former request with this key; undefined when this one was placed
   */
  place(
    order: Order,
    placement: PlacementKey,
    request: PlacedRequest,
    audit: AuditEntry,
    counts?: readonly CounterMove[],
  ): Promise<PlacedRequest | undefined>;
  findPlaced(placement: PlacementKey): Promise<PlacedRequest | undefined>;
  /** Strongly consistent. */
  find(orderId: string): Promise<Order | undefined>;
  /** The order with our record of its payment, in one strong read. */
  findWithPayment(orderId: string): Promise<{ order: Order; payment: PaymentRecord | undefined } | undefined>;
  /**
   * An order that ends unsold, or has lost its discount, gives the use of its promo code back in the same write.
   * @returns false when the stored order no longer has the version that `order` was made from
   */
  save(order: Order): Promise<boolean>;
  /** Saves together with the newest entry of the order's mirrored trail: no step that it shows is untold. */
  saveTold(order: Order): Promise<boolean>;
  /** Saves and moves the user's count of paid orders by `countDelta` in the same transaction. */
  saveCounted(order: Order, countDelta: 1 | -1, flags?: PaidOrderFlags): Promise<boolean>;
  /** Newest first. */
  list(filter: OrderFilter, page: PageRequest): Promise<Page<Order>>;
  /**
   * Keeps the token of a checkout that waits for the user's profile, beside those of its other attempts: which
   * of them still waits cannot be known here, as an attempt that was given up may write after the one that waits.
   */
  saveWaiting(userId: string, orderId: string, taskToken: string): Promise<void>;
  removeWaiting(userId: string, orderId: string): Promise<void>;
  /** All tokens of a checkout that waits for the profile; strongly consistent. */
  findWaiting(userId: string, orderId: string): Promise<readonly string[]>;
  /**
   * Deletes an order and writes the entry that tells so. The record of its payment stays: it is the trace of
   * the money, and shuts out a step of the payment that comes late.
   * @returns false when the stored order no longer has this version
   */
  remove(order: Order, audit: AuditEntry): Promise<boolean>;
}

export class OrderMissingError extends FinalError {
  override readonly name = 'OrderMissingError';
}

const saveAttempts = 5;

/**
 * Reads, changes and saves an order on the version that was read, again when another writer was first.
 * @param change answers the changed order, or undefined when there is nothing to do
 * @throws OrderMissingError · TransientError when others keep being first
 */
export async function changeOrder(
  store: Pick<OrderStore, 'find' | 'save'>,
  orderId: string,
  change: (order: Order) => Order | undefined | Promise<Order | undefined>,
): Promise<Order> {
  for (let attempt = 0; attempt < saveAttempts; attempt++) {
    const order = await store.find(orderId);
    if (!order) {
      throw new OrderMissingError(`There is no order ${orderId}`);
    }
    const changed = await change(order);
    if (!changed) return order;
    if (await store.save(changed)) {
      return { ...changed, version: changed.version + 1 };
    }
  }
  throw new TransientError(`Order ${orderId} keeps changing under this writer`);
}

/** As `changeOrder`, for changes that a person makes: their entry goes into the trail in the same transaction. */
export function changeTold(
  store: Pick<OrderStore, 'find' | 'saveTold'>,
  orderId: string,
  change: (order: Order) => Order | undefined | Promise<Order | undefined>,
): Promise<Order> {
  return changeOrder({ find: store.find, save: store.saveTold }, orderId, change);
}
