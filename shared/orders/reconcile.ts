import type { Clock } from '../effects.ts';
import type { ExpiredHold, HoldFinder } from '../inventory/hold-finder.ts';
import type { InventoryStore } from '../inventory/inventory-store.ts';
import { logger } from '../observability/logger.ts';
import { type DrivePorts, driveCancellation } from './cancel-order.ts';
import { checkoutOf } from './checkout-start.ts';
import type { CheckoutWatch } from './checkout-watch.ts';
import type { Order } from './order.ts';
import type { OrderFinder } from './order-finder.ts';
import type { OrderStore } from './order-store.ts';
import { attemptAt, type Reversal } from './reversal-runs.ts';
import { allocatedLines, isSettled } from './settled.ts';
import type { OrderStatus } from './status.ts';

export interface ReconcilePorts extends DrivePorts {
  readonly orders: Pick<OrderStore, 'find' | 'findWaiting' | 'findWithPayment'>;
  readonly finder: OrderFinder;
  readonly holds: HoldFinder;
  readonly inventory: Pick<InventoryStore, 'release' | 'commit'>;
  readonly watch: CheckoutWatch;
  readonly clock: Clock;
}

export interface ReconcileReport {
  /** Orders whose stock was given back. */
  readonly released: number;
  /** Checkouts that had never been started. */
  readonly started: number;
  /** Reversals of orders behind a dead checkout. */
  readonly repaired: number;
  /** Cancellations and refunds that were pushed on. */
  readonly driven: number;
  /** Orders that could not be looked after now; the next run does. */
  readonly failed: number;
}

const minute = 60_000;
/** What is younger may just be under way. */
const graceMilliseconds = 2 * minute;
/** How long after its death a checkout is looked after; by then the alarm has been heard. */
const deadMilliseconds = 2 * 24 * 60 * minute;

type Deed = Exclude<keyof ReconcileReport, 'failed'> | undefined;

/**
 * Finds what no running checkout looks after and sets it right: stock that is held for nobody, checkouts that
 * were never started or died, cancellations and refunds that got stuck. Everything it does may run at the same
 * time as a checkout, or twice. One order's fault does not stop the others.
 */
export async function reconcile(ports: ReconcilePorts): Promise<ReconcileReport> {
  const now = ports.clock.now();
  const before = new Date(now.getTime() - graceMilliseconds);
  const report = { released: 0, started: 0, repaired: 0, driven: 0, failed: 0 };
  const settled = new Set<string>();
  const each = async <T>(all: readonly T[], idOf: (one: T) => string, look: (one: T) => Promise<Deed>) => {
    for (const one of all) {
      if (settled.has(idOf(one))) continue;
      try {
        const deed = await look(one);
        if (!deed) continue;
        report[deed] += 1;
        logger.info('order reconciled', { orderId: idOf(one), deed });
        settled.add(idOf(one));
      } catch (error) {
        report.failed += 1;
        const cause = error instanceof Error ? error : String(error);
        logger.error('an order could not be reconciled', { orderId: idOf(one), error: cause });
      }
    }
  };
  const itself = (orderId: string) => orderId;
  const { finder, watch, holds } = ports;
  const dead = await watch.diedSince(new Date(now.getTime() - deadMilliseconds));
  await each(await finder.reversing(), itself, (orderId) => driveOn(orderId, before, now, ports));
  await each(dead, itself, (orderId) => repairDead(orderId, now, ports));
  await each(await finder.pendingSince(before), itself, (orderId) => startMissing(orderId, now, ports));
  await each(
    await holds.expired(now),
    (hold) => hold.orderId,
    (hold) => settleHold(hold, now, ports),
  );
  logger.info('reconciled', { ...report });
  return report;
}

/** A repetition of what a person asked for, under a new name each hour: a reversal's name works once. */
export async function driveOn(
  orderId: string,
  before: Date,
  now: Date,
  ports: ReconcilePorts,
): Promise<Deed> {
  const order = await ports.orders.find(orderId);
  if (!order?.reversing || new Date(order.updatedAt) > before) return undefined;
  if (order.reversing === 'refund') {
    await ports.reversals.start(reversal(order, 'refund'), attemptAt(now));
  } else if (isEnded(order) || (await ports.watch.healthOf(orderId)) === 'dead') {
    await ports.reversals.start(reversal(order, 'cancel'), attemptAt(now));
  } else {
    await driveCancellation(order, ports, attemptAt(now));
  }
  return 'driven';
}

async function repairDead(orderId: string, now: Date, ports: ReconcilePorts): Promise<Deed> {
  const found = await ports.orders.findWithPayment(orderId);
  if (!found || found.order.reversing) return undefined;
  const { order, payment } = found;
  if (!isEnded(order) || payment?.undo !== 'started') return repair(order, now, ports);
  // The order has ended, but the undo of its payment ran out of retries: its money may still be with us.
  await ports.reversals.start(reversal(order, 'repair'), attemptAt(now));
  return 'repaired';
}

/** Starts the checkout of an order that never had one; ends an order whose checkout is dead. */
export async function startMissing(orderId: string, now: Date, ports: ReconcilePorts): Promise<Deed> {
  const health = await ports.watch.healthOf(orderId);
  const order = await ports.orders.find(orderId);
  if (order?.status !== 'Pending' || health === 'running') return undefined;
  if (health !== 'missing') return repair(order, now, ports);
  await ports.checkouts.start(checkoutOf(order));
  return 'started';
}

/** A hold that is over its time: given back when its order is over, and else what its checkout left undone. */
export async function settleHold(hold: ExpiredHold, now: Date, ports: ReconcilePorts): Promise<Deed> {
  const { orderId } = hold;
  const order = await ports.orders.find(orderId);
  if (!order || order.status === 'Failed' || order.status === 'Cancelled') {
    const productIds = order?.items.map((item) => item.productId) ?? hold.productIds;
    await ports.inventory.release(orderId, productIds, now);
    return 'released';
  }
  const health = await ports.watch.healthOf(orderId);
  if ((health === 'dead' || health === 'missing') && repairable.includes(order.status)) {
    return repair(order, now, ports);
  }
  if (shipped.includes(order.status) || (order.status === 'Paid' && health === 'succeeded')) {
    await ports.inventory.commit(orderId, allocatedLines(order), now);
    return 'repaired';
  }
  await ports.holds.extend(hold, now);
  return undefined;
}

const repairable: readonly OrderStatus[] = ['Pending', 'AwaitingProfile', 'OnHold', 'Paid'];
/** The goods are out of the house, whatever becomes of the money. */
const shipped: readonly OrderStatus[] = ['Shipped', 'Delivered', 'Refunded'];

/** Ends an order whose checkout cannot any more. A paid one that is whole stays, whatever its execution met. */
export async function repair(order: Order, now: Date, ports: ReconcilePorts): Promise<Deed> {
  if (!repairable.includes(order.status)) return undefined;
  if (order.status === 'Paid' && (await isSettled(order, ports))) return undefined;
  await ports.reversals.start(reversal(order, order.cancel ? 'cancel' : 'repair'), attemptAt(now));
  return 'repaired';
}

/** Ended with its money still on the way back: what is left of a cancellation is to undo the payment. */
function isEnded({ status }: Order): boolean {
  return status === 'Cancelled' || status === 'Failed';
}

function reversal({ orderId, userId, items }: Order, kind: Reversal['kind']): Reversal {
  return { orderId, userId, productIds: items.map((item) => item.productId), kind };
}
