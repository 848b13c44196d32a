import type { Order } from '../../../shared/orders/order.ts';
import { orders, rows } from '../ledger.ts';
import type { Execution } from '../workflows.ts';
import type { World } from '../world.ts';

type Row = Readonly<Record<string, unknown>>;

/** All that a world at rest has written, found by what it belongs to. */
export interface Books {
  readonly orders: readonly Order[];
  readonly byId: ReadonlyMap<string, Order>;
  readonly stock: readonly Row[];
  /** Rows of an order's stock. */
  readonly stockOf: (orderId: string) => readonly Row[];
  readonly promotions: readonly Row[];
  /** Entries of an order's trail, oldest first. */
  readonly trailOf: (orderId: string) => readonly Row[];
  readonly executionsOf: (orderId: string) => readonly Execution[];
  /** The payload of every task that could not be told and lies in the queue. */
  readonly deadLettersOf: (orderId: string) => readonly Row[];
}

export function openBooks(world: World): Books {
  const all = orders(world);
  const stock = rows(world, 'INVENTORY_TABLE');
  const stockOf = grouped(
    stock.filter(({ sk }) => String(sk).startsWith('ORDER#')),
    ({ orderId }) => String(orderId),
  );
  const trail = grouped(rows(world, 'AUDIT_TABLE'), ({ pk }) => String(pk));
  const executions = grouped([...world.workflows.executions.values()], ({ name }) => name.slice(0, 26));
  const letters = grouped(world.workflows.deadLetters, ({ orderId }) => String(orderId));
  return {
    orders: all,
    byId: new Map(all.map((order) => [order.orderId, order])),
    stock,
    stockOf: (orderId) => stockOf.get(orderId) ?? [],
    promotions: rows(world, 'PROMOTIONS_TABLE'),
    trailOf: (orderId) => trail.get(`ORDER#${orderId}`) ?? [],
    executionsOf: (orderId) => executions.get(orderId) ?? [],
    deadLettersOf: (orderId) => letters.get(orderId) ?? [],
  };
}

export function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}

const paidFor = new Set(['Paid', 'Shipped', 'Delivered']);

/** Whether the shop is to have the order's money. */
export function isPaidFor({ status }: Order): boolean {
  return paidFor.has(status);
}

/** Whether the order ended without a sale. */
export function isUnsold({ status }: Order): boolean {
  return status === 'Failed' || status === 'Cancelled';
}

/** An operator stopped the checkout by hand: what it had not told by then, nobody tells. */
export function isStopped(executions: readonly Execution[]): boolean {
  return executions.some(({ status }) => status === 'ABORTED');
}
