import { logger } from '../observability/logger.ts';
import { type Applied, type AppliedOrder, type CounterStore, maximumActions } from './counter-store.ts';
import { type Counter, difference, sumCounters } from './counters.ts';
import type { SalesFacts } from './sales-facts.ts';

/** An order in one of its versions; without facts it is gone. */
export interface OrderChange {
  readonly orderId: string;
  readonly version: number;
  readonly facts: SalesFacts | undefined;
  /** All that the order has been through, where that is to be measured; see `order-life.ts`. */
  readonly milestones?: readonly string[];
}

/** Told once of each milestone: when the transaction that remembers it has gone through. */
export type Reached<C extends OrderChange> = (change: C, milestones: readonly string[]) => void;

const attempts = 4;

/**
 * Brings the counters up to date with the given orders. Each order carries a mark of the version counted last;
 * older and equal ones are passed over, newer ones replace what was counted, mark and counters in one
 * transaction. So the counters come out the same however often and in whatever order changes are given.
 * @param reached not told when the process dies between the transaction and the call, and never twice
 * @returns ids of the orders that could not be counted
 */
export async function countOrders<C extends OrderChange>(
  changes: readonly C[],
  store: CounterStore,
  reached: Reached<C> = () => undefined,
): Promise<Set<string>> {
  let open = newest(changes);
  for (let attempt = 0; attempt < attempts && open.length > 0; attempt += 1) {
    // Whoever lost against another writer is tried alone, so that it holds up no others.
    open = await countOnce(open, store, attempt === 0 ? maximumActions : 0, reached);
  }
  return new Set(open.map((change) => change.orderId));
}

function newest<C extends OrderChange>(changes: readonly C[]): C[] {
  const byOrder = new Map<string, C>();
  for (const change of changes) {
    const known = byOrder.get(change.orderId);
    if (!known || known.version < change.version) byOrder.set(change.orderId, change);
  }
  return [...byOrder.values()];
}

interface Pack<C> {
  readonly changes: readonly C[];
  /** Of each change, what it has newly been through. */
  readonly fresh: readonly (readonly string[])[];
  readonly orders: readonly AppliedOrder[];
  readonly counters: readonly Counter[];
}

/** @returns the changes that are still to be counted */
async function countOnce<C extends OrderChange>(
  changes: readonly C[],
  store: CounterStore,
  packSize: number,
  reached: Reached<C>,
): Promise<C[]> {
  const open: C[] = [];
  let pack: Pack<C> = { changes: [], fresh: [], orders: [], counters: [] };
  const flush = async () => {
    if (pack.orders.length === 0) return;
    if (!(await applied(pack, store))) {
      open.push(...pack.changes);
      return;
    }
    for (const [index, change] of pack.changes.entries()) reached(change, pack.fresh[index] ?? []);
  };
  const known = await store.findApplied(changes.map((change) => change.orderId));
  for (const change of changes) {
    const counted = known.get(change.orderId);
    if (counted && counted.version >= change.version) continue;
    const { orderId, version, facts } = change;
    const milestones = change.milestones ?? counted?.milestones;
    const fresh = change.milestones ? unmeasured(change.milestones, counted) : [];
    const order = {
      orderId,
      before: counted?.version,
      applied: { version, facts, ...(milestones ? { milestones } : {}) },
    };
    const moved = difference(counted?.facts, facts);
    const together = sumCounters([...pack.counters, ...moved]);
    const fits = pack.orders.length + 1 + together.length <= packSize;
    if (fits) {
      pack = {
        changes: [...pack.changes, change],
        fresh: [...pack.fresh, fresh],
        orders: [...pack.orders, order],
        counters: together,
      };
    } else {
      await flush();
      pack = { changes: [change], fresh: [fresh], orders: [order], counters: moved };
    }
  }
  await flush();
  return open;
}

function unmeasured(milestones: readonly string[], counted: Applied | undefined): string[] {
  if (!counted) return [...milestones];
  // Of an order that was counted before milestones were kept nobody knows what is new.
  const { milestones: known = milestones } = counted;
  return milestones.filter((milestone) => !known.includes(milestone));
}

async function applied<C>({ orders, counters }: Pack<C>, store: CounterStore): Promise<boolean> {
  try {
    return await store.apply(orders, counters);
  } catch (error) {
    // Tried again, each order alone: one that can never be counted must not keep others from it.
    logger.warn('orders not counted', {
      orders: orders.map((order) => order.orderId),
      error: asError(error),
    });
    return false;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
