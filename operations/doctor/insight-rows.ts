import * as z from 'zod';
import { counterItemKey } from '../../shared/adapters/dynamodb/insight-items.ts';
import { type Counter, countersOf } from '../../shared/insights/counters.ts';
import { type SalesFacts, salesFactsSchema } from '../../shared/insights/sales-facts.ts';
import { orderStatusSchema } from '../../shared/orders/status.ts';
import type { Finding } from './doctor.ts';
import type { Counts } from './repair-counter.ts';

export type Item = Readonly<Record<string, unknown>>;
export type Place = Readonly<Record<'pk' | 'sk', string>>;

/** What has been counted of an order, and in which version, which only rises; without facts the order is gone. */
export const markSchema = z.object({
  orderId: z.string(),
  version: z.number(),
  facts: salesFactsSchema.optional(),
});
export type Mark = z.infer<typeof markSchema>;

/** Rows of one use, and the numbers in them; a number that is not there counts nothing. */
export interface Family {
  readonly kind: Finding['kind'];
  /** What a row of it is about: whose trail tells of its repair. */
  readonly entityOf: (place: Place) => Finding['entity'];
  readonly fields: readonly string[];
  /** Reads the fields out of an item. */
  readonly counts: z.ZodType<Counts>;
  /** Its rows are of one day each, and of interest once that has come to rest. */
  readonly isByDay: boolean;
}

const numbers = (...fields: readonly string[]) => ({
  fields,
  counts: z.object(Object.fromEntries(fields.map((field) => [field, z.int().default(0)]))),
});
const reports: Family = {
  kind: 'report_drift',
  entityOf: () => ({ type: 'route', id: 'GET /order/report' }),
  ...numbers('orders', 'units', 'amount', 'paidOrders', 'paidUnits', 'revenue'),
  isByDay: true,
};
const rankings: Family = {
  kind: 'ranking_drift',
  entityOf: ({ pk, sk }) => ({
    type: 'product',
    id: pk.startsWith('TOGETHER#') ? pk.slice('TOGETHER#'.length) : sk,
  }),
  ...numbers('score'),
  isByDay: false,
};

export const nameOf = ({ pk, sk }: Place) => `${pk} ${sk}`;
export const placeOf = (item: Item): Place => ({ pk: String(item.pk), sk: String(item.sk) });
export const isMark = ({ pk }: Place) => pk.startsWith('APPLIED#');

/** Undefined when a place is none of a counter. */
export function familyOf({ pk }: Place): Family | undefined {
  if (/^(SALES|PRODUCT)#/.test(pk)) return reports;
  return /^(BOUGHT|TOGETHER)#/.test(pk) ? rankings : undefined;
}

/** What an order counts for; nothing when it is gone. */
export function countersIn({ facts }: Mark): Counter[] {
  return facts ? countersOf(facts) : [];
}

/** Every row that the order counts for, or may have counted for before, in another status or with other pieces. */
export function touchedBy({ facts }: Mark): ReadonlyMap<string, Place> {
  if (!facts) return new Map();
  // Only the sales have a row for each status; to all others an order counts most when it is paid.
  const places = countersOf({ ...facts, status: 'Paid' }).map(counterItemKey);
  const ofStatuses = orderStatusSchema.options.flatMap((status) =>
    countersOf({ ...facts, status, lines: [] }).map(counterItemKey),
  );
  // Lines lose pieces, and never get any back. Without those the bound on ranked products let others in.
  const ranked = facts.lines.some(({ units }) => units === 0) ? everyRanking(facts) : [];
  return new Map([...places, ...ofStatuses, ...ranked].map((place) => [nameOf(place), place]));
}

function everyRanking({ lines }: SalesFacts): Place[] {
  const bought = lines.flatMap(({ productId, category }) =>
    ['ALL', `CATEGORY#${category}`].map((group) =>
      counterItemKey({ family: 'bought', group, member: productId }),
    ),
  );
  const together = lines.flatMap(({ productId: group }) =>
    lines.map(({ productId: member }) => counterItemKey({ family: 'together', group, member })),
  );
  return [...bought, ...together];
}
