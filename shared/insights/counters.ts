import type { OrderStatus } from '../orders/status.ts';
import type { SalesFacts } from './sales-facts.ts';

/**
 * One counter: `family` and `group` are read together by one query, `member` is its place there.
 * - `sales`: group month, member `day#status#currency` · orders, units, amount
 * - `product`: group month, member `day#currency#productId` · the same, and paidOrders, paidUnits, revenue
 * - `bought`: group `ALL` or `CATEGORY#…`, member productId · score: in how many paid orders
 * - `together`: group productId, member another productId · score: in how many paid orders with it
 */
export interface Counter {
  readonly family: 'sales' | 'product' | 'bought' | 'together';
  readonly group: string;
  readonly member: string;
  readonly add: Readonly<Record<string, number>>;
  /** Written along, for people who read the counter. */
  readonly name?: string;
}

const soldStatuses: ReadonlySet<OrderStatus> = new Set(['Paid', 'Shipped', 'Delivered']);

/** Whether an order of this status is paid for and not given back. */
export function isSold(status: OrderStatus): boolean {
  return soldStatuses.has(status);
}

/** One transaction has 100 actions; these bounds keep the counters of any order, and its mark, within it. */
const rankedProducts = 12;
const pairedProducts = { ofSmallOrder: 8, ofLargeOrder: 5 };
const smallOrder = 14;

/**
 * Everything that an order counts for. Reports are exact for every line; popularity is a hint, so of a very
 * large order only the first products are ranked and paired.
 */
export function countersOf(facts: SalesFacts): Counter[] {
  const { day, status, currency, amount } = facts;
  const month = day.slice(0, 7);
  const products = byProduct(facts);
  const units = products.reduce((all, product) => all + product.units, 0);
  const sales: Counter = {
    family: 'sales',
    group: month,
    member: `${day}#${status}#${currency}`,
    add: { orders: 1, units, amount },
  };
  const sold = isSold(status);
  const lines = products.map(
    (product): Counter => ({
      family: 'product',
      group: month,
      member: `${day}#${currency}#${product.productId}`,
      add: {
        orders: 1,
        units: product.units,
        amount: product.amount,
        ...(sold ? { paidOrders: 1, paidUnits: product.units, revenue: product.amount } : {}),
      },
      name: product.name,
    }),
  );
  return [sales, ...lines, ...(sold ? popularity(products) : [])];
}

type Line = SalesFacts['lines'][number];

function byProduct({ lines }: SalesFacts): Line[] {
  const products = new Map<string, Line>();
  for (const line of lines) {
    const known = products.get(line.productId);
    products.set(
      line.productId,
      known ? { ...known, units: known.units + line.units, amount: known.amount + line.amount } : line,
    );
  }
  return [...products.values()];
}

function popularity(products: readonly Line[]): Counter[] {
  const bought = products.filter((product) => product.units > 0);
  const ranked = bought.slice(0, rankedProducts).flatMap(({ productId, category }): Counter[] => [
    { family: 'bought', group: 'ALL', member: productId, add: { score: 1 } },
    { family: 'bought', group: `CATEGORY#${category}`, member: productId, add: { score: 1 } },
  ]);
  const paired = bought.slice(
    0,
    products.length <= smallOrder ? pairedProducts.ofSmallOrder : pairedProducts.ofLargeOrder,
  );
  const pairs = paired.flatMap((one) =>
    paired
      .filter((other) => other !== one)
      .map(
        (other): Counter => ({
          family: 'together',
          group: one.productId,
          member: other.productId,
          add: { score: 1 },
        }),
      ),
  );
  return [...ranked, ...pairs];
}

export function counterKey({ family, group, member }: Counter): string {
  return JSON.stringify([family, group, member]);
}

/** The sum of counters by key; what comes out as nothing is left out. Later names win. */
export function sumCounters(counters: readonly Counter[]): Counter[] {
  const sums = new Map<string, Counter>();
  for (const counter of counters) {
    const key = counterKey(counter);
    const known = sums.get(key);
    sums.set(key, known ? { ...known, ...counter, add: added(known.add, counter.add) } : counter);
  }
  return [...sums.values()].flatMap((counter) => {
    const add = Object.fromEntries(Object.entries(counter.add).filter(([, value]) => value !== 0));
    return Object.keys(add).length > 0 ? [{ ...counter, add }] : [];
  });
}

/** What turns the counts of `before` into those of `after`; nothing counted is undefined. */
export function difference(before: SalesFacts | undefined, after: SalesFacts | undefined): Counter[] {
  const taken = before ? countersOf(before).map(negated) : [];
  return sumCounters([...taken, ...(after ? countersOf(after) : [])]);
}

function negated(counter: Counter): Counter {
  return {
    ...counter,
    add: Object.fromEntries(Object.entries(counter.add).map(([field, value]) => [field, -value])),
  };
}

/** The sum of what two counters count, field by field. */
export function added(a: Counter['add'], b: Counter['add']): Counter['add'] {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...fields].map((field) => [field, (a[field] ?? 0) + (b[field] ?? 0)]));
}
