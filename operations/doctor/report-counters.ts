import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { counterItemKey } from '../../shared/adapters/dynamodb/insight-items.ts';
import { type Counter, countersOf } from '../../shared/insights/counters.ts';
import { type SalesFacts, salesFactsSchema } from '../../shared/insights/sales-facts.ts';
import { retryEffects } from '../support/stage.ts';
import type { Check, Examination } from './doctor.ts';
import { type Counted, type Counts, differs, examineScattered } from './repair-counter.ts';

/** What has been counted of an order, and in which version. */
const markSchema = z.object({ orderId: z.string(), version: z.number(), facts: salesFactsSchema.optional() });
interface Mark {
  readonly orderId: string;
  readonly version: number;
  readonly add: Readonly<Record<string, number>>;
}
type Place = Readonly<Record<'pk' | 'sk', string>>;

/** Younger days still move while they are read. */
const settledDays = 2;
const dayMilliseconds = 24 * 3600 * 1000;
const fields = ['orders', 'units', 'amount', 'paidOrders', 'paidUnits', 'revenue'] as const;
const nameOf = ({ pk, sk }: Place) => `${pk} ${sk}`;

/**
 * The rows of a report add up to the orders that were counted for them; one that is gone counts nothing. Rankings are
 * hints and are not looked at. Three scans, however many rows have drifted.
 */
export const checkReports: Check = async (examination) => {
  const suspects = await suspectedRows(examination);
  return examineScattered(
    {
      rows: new Map([...suspects].map(([name, place]) => [name, rowOf(place, examination)])),
      facts: () => marksFor(suspects, examination),
      counts: () => countsFor(suspects, examination),
    },
    examination,
  );
};

/** Rows that do not agree with the marks that the same scan has met, and rows that marks ask for. */
async function suspectedRows(examination: Examination): Promise<Map<string, Place>> {
  const until = new Date(examination.clock.now().getTime() - settledDays * dayMilliseconds);
  const lastDay = until.toISOString().slice(0, 10);
  const expected = new Map<string, Record<string, number>>();
  const stored = new Map<string, Record<string, number>>();
  const places = new Map<string, Place>();
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = { pk: String(item.pk), sk: String(item.sk) };
      if (/^(SALES|PRODUCT)#/.test(place.pk)) {
        stored.set(nameOf(place), countsOf(item));
        places.set(nameOf(place), place);
      }
      for (const counter of countersIn(markSchema.safeParse(item).data?.facts)) {
        const wanted = counterItemKey(counter);
        const name = nameOf(wanted);
        expected.set(name, added(expected.get(name) ?? {}, counter.add));
        places.set(name, wanted);
      }
    }
  }
  const isDrifted = (name: string) =>
    differs(stored.get(name) ?? countsOf({}), countsOf(expected.get(name) ?? {}));
  return new Map([...places].filter(([name, { sk }]) => sk.slice(0, 10) <= lastDay && isDrifted(name)));
}

type Row = Omit<Counted<Mark>, 'facts' | 'counts'>;

function countersIn(facts: SalesFacts | undefined): Counter[] {
  const counters = facts ? countersOf(facts) : [];
  return counters.filter(({ family }) => family === 'sales' || family === 'product');
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]));
}

/** A field that is not there counts nothing. */
function countsOf(item: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(fields.map((field) => [field, Number(item[field] ?? 0)]));
}

function rowOf({ pk, sk }: Place, examination: Examination): Row {
  const TableName = examination.tables.insights;
  const Key = { pk, sk };
  return {
    kind: 'report_drift',
    entity: { type: 'route', id: 'GET /order/report' },
    what: `row ${pk} ${sk} of the report`,
    expected: (marks) =>
      countsOf(marks.reduce<Record<string, number>>((sum, { add }) => added(sum, add), {})),
    update: (read, expected) => ({
      Update: {
        TableName,
        Key,
        UpdateExpression: `SET ${fields.map((field) => `${field} = :${field}`).join(', ')}`,
        ConditionExpression: fields
          .map(
            (field) =>
              `(${field} = :was_${field}${read[field] === 0 ? ` OR attribute_not_exists(${field})` : ''})`,
          )
          .join(' AND '),
        ExpressionAttributeValues: Object.fromEntries(
          fields.flatMap((field) => [
            [`:${field}`, expected[field] ?? 0],
            [`:was_${field}`, read[field] ?? 0],
          ]),
        ),
      },
    }),
  };
}

/** The marks of all orders that count for these rows, by the row; a mark's version only rises. */
async function marksFor(
  rows: ReadonlyMap<string, Place>,
  examination: Examination,
): Promise<Map<string, Mark[]>> {
  const marks = new Map<string, Mark[]>();
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const mark = markSchema.safeParse(item).data;
      for (const counter of countersIn(mark?.facts)) {
        const name = nameOf(counterItemKey(counter));
        if (!mark || !rows.has(name)) continue;
        const { orderId, version } = mark;
        marks.set(name, [...(marks.get(name) ?? []), { orderId, version, add: counter.add }]);
      }
    }
  }
  for (const all of marks.values()) all.sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
  return marks;
}

async function countsFor(
  rows: ReadonlyMap<string, Place>,
  { target, tables }: Examination,
): Promise<Map<string, Counts>> {
  const items = await batchGet(target.dynamo, tables.insights, [...rows.values()], retryEffects, {
    consistent: true,
  });
  const found = items.map((item) => [nameOf({ pk: String(item.pk), sk: String(item.sk) }), item] as const);
  // A row that is gone counts nothing.
  return new Map(
    [...[...rows.keys()].map((name) => [name, {}] as const), ...found].map(([name, item]) => [
      name,
      countsOf(item),
    ]),
  );
}
