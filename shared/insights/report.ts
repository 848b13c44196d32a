import type * as z from 'zod';
import { orderStatuses } from '../orders/status.ts';
import { isSold } from './counters.ts';
import type { Days, InsightReader } from './insight-reader.ts';
import type { reportRowSchema } from './insight-schemas.ts';

export type Grouping = 'day' | 'status' | 'product' | 'currency';
export type ReportRow = z.input<typeof reportRowSchema>;

interface Entry {
  /** What the rows of the group have in common, beside the currency. */
  readonly group: Pick<ReportRow, 'day' | 'status' | 'productId' | 'name'>;
  /** Rows are shown in its order. */
  readonly rank: string;
  readonly currency: string;
  readonly numbers: Numbers;
}

const fields = ['orders', 'units', 'amount', 'paidOrders', 'paidUnits', 'revenue'] as const;
type Numbers = Readonly<Record<(typeof fields)[number], number>>;

/** The rows of a report: one for each group and currency, since amounts of two currencies have no sum. */
export async function reportRows(groupBy: Grouping, days: Days, reader: InsightReader): Promise<ReportRow[]> {
  const entries =
    groupBy === 'product' ? await byProduct(days, reader) : await bySales(groupBy, days, reader);
  const sums = new Map<string, Entry>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.rank, entry.currency]);
    const known = sums.get(key);
    sums.set(key, known ? { ...entry, numbers: added(known.numbers, entry.numbers) } : entry);
  }
  return [...sums.values()]
    .filter(({ numbers }) => numbers.orders > 0)
    .sort((a, b) => compare(a.rank, b.rank) || compare(a.currency, b.currency))
    .map(toRow);
}

async function bySales(
  groupBy: Exclude<Grouping, 'product'>,
  days: Days,
  reader: InsightReader,
): Promise<Entry[]> {
  const counts = await reader.sales(days);
  return counts.map(({ day, status, currency, orders, units, amount }) => {
    const sold = isSold(status)
      ? { paidOrders: orders, paidUnits: units, revenue: amount }
      : { paidOrders: 0, paidUnits: 0, revenue: 0 };
    const numbers = { orders, units, amount, ...sold };
    if (groupBy === 'day') return { group: { day }, rank: day, currency, numbers };
    if (groupBy === 'currency') return { group: {}, rank: '', currency, numbers };
    return { group: { status }, rank: String(orderStatuses.indexOf(status)), currency, numbers };
  });
}

async function byProduct(days: Days, reader: InsightReader): Promise<Entry[]> {
  const counts = await reader.productSales(days);
  return counts.map(({ day: _day, productId, name, currency, ...numbers }) => ({
    group: { productId, name },
    rank: productId,
    currency,
    numbers,
  }));
}

function added(a: Numbers, b: Numbers): Numbers {
  return {
    orders: a.orders + b.orders,
    units: a.units + b.units,
    amount: a.amount + b.amount,
    paidOrders: a.paidOrders + b.paidOrders,
    paidUnits: a.paidUnits + b.paidUnits,
    revenue: a.revenue + b.revenue,
  };
}

function toRow({ group, currency, numbers }: Entry): ReportRow {
  const { amount, revenue, ...counts } = numbers;
  return {
    ...group,
    currency,
    ...counts,
    amount: { amount, currency },
    revenue: { amount: revenue, currency },
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
