import { logger } from '../observability/logger.ts';
import { type AppliedOrder, type CounterStore, maximumActions } from './counter-store.ts';
import { type Counter, difference, sumCounters } from './counters.ts';
import type { SalesFacts } from './sales-facts.ts';

/** An order in one of its versions; without facts it is gone. */
export interface OrderChange {
  readonly orderId: string;
  readonly version: number;
  readonly facts: SalesFacts | undefined;
}

const attempts = 4;

/**
 * Brings the counters up to date with the given orders. Each order carries a mark of the version counted last;
 * older and equal ones are passed over, newer ones replace what was counted, mark and counters in one
 * transaction. So the counters come out the same however often and in whatever order changes are given.
 * @returns ids of the orders that could not be counted
 */
export async function countOrders(
  changes: readonly OrderChange[],
  store: CounterStore,
): Promise<Set<string>> {
  let open = newest(changes);
  for (let attempt = 0; attempt < attempts && open.length > 0; attempt += 1) {
    // Whoever lost against another writer is tried alone, so that it holds up no others.
    open = await countOnce(open, store, attempt === 0 ? maximumActions : 0);
  }
  return new Set(open.map((change) => change.orderId));
}

function newest(changes: readonly OrderChange[]): OrderChange[] {
  const byOrder = new Map<string, OrderChange>();
  for (const change of changes) {
    const known = byOrder.get(change.orderId);
    if (!known || known.version < change.version) byOrder.set(change.orderId, change);
  }
  return [...byOrder.values()];
}

interface Pack {
  readonly changes: readonly OrderChange[];
  readonly orders: readonly AppliedOrder[];
  readonly counters: readonly Counter[];
}

/** @returns the changes that are still to be counted */
async function countOnce(
  changes: readonly OrderChange[],
  store: CounterStore,
  packSize: number,
): Promise<OrderChange[]> {
  const open: OrderChange[] = [];
  let pack: Pack = { changes: [], orders: [], counters: [] };
  const flush = async () => {
    if (pack.orders.length > 0 && !(await applied(pack, store))) open.push(...pack.changes);
  };
  const known = await store.findApplied(changes.map((change) => change.orderId));
  for (const change of changes) {
    const counted = known.get(change.orderId);
    if (counted && counted.version >= change.version) continue;
    const { orderId, version, facts } = change;
    const order = { orderId, before: counted?.version, applied: { version, facts } };
    const moved = difference(counted?.facts, facts);
    const together = sumCounters([...pack.counters, ...moved]);
    const fits = pack.orders.length + 1 + together.length <= packSize;
    if (fits) {
      pack = { changes: [...pack.changes, change], orders: [...pack.orders, order], counters: together };
    } else {
      await flush();
      pack = { changes: [change], orders: [order], counters: moved };
    }
  }
  await flush();
  return open;
}

async function applied({ orders, counters }: Pack, store: CounterStore): Promise<boolean> {
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
