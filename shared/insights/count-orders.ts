import { briefError } from '../observability/brief-error.ts';
import { logger } from '../observability/logger.ts';
import { type Applied, type AppliedOrder, type CounterStore, maximumActions } from './counter-store.ts';
import { type Counter, difference, sumCounters } from './counters.ts';
import type { SalesFacts } from './sales-facts.ts';

/** An order in one of its versions; without facts it is gone. */
export interface OrderChange {
  readonly orderId: string;
  readonly version: number;
  readonly facts: SalesFacts | undefined;
  /** What the order has come to, where that is to be measured. */
  readonly progress?: Progress;
}

export interface Progress {
  /** All that the order has been through; see `order-life.ts`. */
  readonly milestones: readonly string[];
  /** All that has been given back of its money, or the change of that: minor units. Less when a refund failed. */
  readonly givenBack: number;
}

/**
 * Told what is new of an order, each milestone once and the changes of `givenBack` so that they add up to it: when
 * the transaction that remembers them has gone through.
 */
export type Reached<C extends OrderChange> = (change: C, news: Progress) => void;

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
  const causes: Causes = new Map();
  for (let attempt = 0; attempt < attempts && open.length > 0; attempt += 1) {
    // Whoever lost against another writer is tried alone, so that it holds up no others.
    open = await countOnce(open, store, attempt === 0 ? maximumActions : 0, reached, causes);
  }
  for (const { orderId } of open) logger.error('order not counted', { orderId, error: causes.get(orderId) });
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

/** Why orders could not be counted last, by their ids. */
type Causes = Map<string, Error>;

interface Pack<C> {
  readonly changes: readonly C[];
  /** Of each change, what it has newly been through. */
  readonly fresh: readonly Progress[];
  readonly orders: readonly AppliedOrder[];
  readonly counters: readonly Counter[];
}

/** @returns the changes that are still to be counted */
async function countOnce<C extends OrderChange>(
  changes: readonly C[],
  store: CounterStore,
  packSize: number,
  reached: Reached<C>,
  causes: Causes,
): Promise<C[]> {
  const open: C[] = [];
  let pack: Pack<C> = { changes: [], fresh: [], orders: [], counters: [] };
  const flush = async () => {
    if (pack.orders.length === 0) return;
    const failure = await failureOf(pack, store);
    if (failure) {
      for (const { orderId } of pack.changes) causes.set(orderId, failure);
      open.push(...pack.changes);
      return;
    }
    for (const [index, change] of pack.changes.entries()) reached(change, pack.fresh[index] ?? nothingNew);
  };
  const known = await store.findApplied(changes.map((change) => change.orderId));
  for (const change of changes) {
    const counted = known.get(change.orderId);
    if (counted && counted.version >= change.version) continue;
    const { orderId, version, facts } = change;
    const fresh = change.progress ? unmeasured(change.progress, counted) : nothingNew;
    const order = {
      orderId,
      before: counted?.version,
      applied: { version, facts, ...measured(change, counted) },
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

const nothingNew: Progress = { milestones: [], givenBack: 0 };

function unmeasured({ milestones, givenBack }: Progress, counted: Applied | undefined): Progress {
  if (!counted) return { milestones, givenBack };
  // Of an order that was counted before milestones were kept nobody knows what is new.
  const { milestones: known = milestones } = counted;
  return {
    milestones: milestones.filter((milestone) => !known.includes(milestone)),
    givenBack: givenBack - (counted.givenBack ?? formerlyGivenBack(counted, givenBack)),
  };
}

/** Marks had one milestone for money given back before they kept how much: what was back then counts as measured. */
function formerlyGivenBack({ milestones }: Applied, givenBack: number): number {
  return !milestones || milestones.includes('MoneyBack') ? givenBack : 0;
}

/** What the mark keeps; a deleted order has no progress any more and keeps what it had. */
function measured({ progress }: OrderChange, counted: Applied | undefined): Partial<Applied> {
  const { milestones, givenBack } = progress ?? counted ?? {};
  return { ...(milestones && { milestones }), ...(givenBack !== undefined && { givenBack }) };
}

/** Moves and marks all of a pack. @returns what was in the way of it, and of all of it */
async function failureOf<C>({ orders, counters }: Pack<C>, store: CounterStore): Promise<Error | undefined> {
  try {
    const isApplied = await store.apply(orders, counters);
    return isApplied ? undefined : new Error('Another consumer counted one of the same orders meanwhile');
  } catch (thrown) {
    // Tried again, each order alone: one that can never be counted must not keep others from it.
    const error = asError(thrown);
    logger.warn('orders not counted yet', {
      orders: orders.map((order) => order.orderId),
      error: briefError(error),
    });
    return error;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
