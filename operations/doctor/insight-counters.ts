import { createHash } from 'node:crypto';
import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { counterItemKey } from '../../shared/adapters/dynamodb/insight-items.ts';
import { countersOf } from '../../shared/insights/counters.ts';
import { salesFactsSchema } from '../../shared/insights/sales-facts.ts';
import { retryEffects } from '../support/stage.ts';
import type { Check, Examination, Finding } from './doctor.ts';
import { type Counted, type Counts, examineScattered } from './repair-counter.ts';

/** What has been counted of an order, and in which version, which only rises. */
const markSchema = z.object({ orderId: z.string(), version: z.number(), facts: salesFactsSchema.optional() });
type Mark = z.infer<typeof markSchema>;
type Item = Readonly<Record<string, unknown>>;
type Place = Readonly<Record<'pk' | 'sk', string>>;

/** Rows of one use, and the numbers in them; a number that is not there counts nothing. */
interface Family {
  readonly kind: Finding['kind'];
  /** What a row of it is about: whose trail tells of its repair. */
  readonly entityOf: (place: Place) => Finding['entity'];
  readonly fields: readonly string[];
  /** Its rows are of one day each, and of interest once that has come to rest. */
  readonly isByDay: boolean;
}
const reports: Family = {
  kind: 'report_drift',
  entityOf: () => ({ type: 'route', id: 'GET /order/report' }),
  fields: ['orders', 'units', 'amount', 'paidOrders', 'paidUnits', 'revenue'],
  isByDay: true,
};
const rankings: Family = {
  kind: 'ranking_drift',
  entityOf: ({ pk, sk }) => ({
    type: 'product',
    id: pk.startsWith('TOGETHER#') ? pk.slice('TOGETHER#'.length) : sk,
  }),
  fields: ['score'],
  isByDay: false,
};

/** Younger days still move while they are read. */
const settledDays = 2;
const dayMilliseconds = 24 * 3600 * 1000;
const keysPerCall = 100;

/**
 * The rows of reports and rankings add up to the orders that were counted for them; one that is gone counts nothing.
 * Three scans, however many rows have drifted.
 */
export const checkInsightCounters: Check = async (examination) => {
  const suspects = await suspectedRows(examination);
  return examineScattered(
    {
      rows: new Map([...suspects].map(([name, place]) => [name, rowOf(place, examination)])),
      facts: () => sumsFor(suspects, examination),
      counts: () => countsFor(suspects, examination),
    },
    examination,
  );
};

const nameOf = ({ pk, sk }: Place) => `${pk} ${sk}`;
const placeOf = (item: Item): Place => ({ pk: String(item.pk), sk: String(item.sk) });

function familyOf({ pk }: Place): Family | undefined {
  if (/^(SALES|PRODUCT)#/.test(pk)) return reports;
  return /^(BOUGHT|TOGETHER)#/.test(pk) ? rankings : undefined;
}

function countsOf(item: Item, { fields }: Family): Counts {
  return Object.fromEntries(fields.map((field) => [field, Number(item[field] ?? 0)]));
}

/** What an order counts for, row by row. */
function* countedBy({ facts }: Mark): Generator<{ place: Place; family: Family; add: Counts }> {
  for (const counter of facts ? countersOf(facts) : []) {
    const place = counterItemKey(counter);
    const family = familyOf(place);
    if (family) yield { place, family, add: countsOf(counter.add, family) };
  }
}

/** Rows that do not agree with the marks that the same scan has met, and rows that marks ask for. */
async function suspectedRows(examination: Examination): Promise<Map<string, Place>> {
  const lastDay = new Date(examination.clock.now().getTime() - settledDays * dayMilliseconds)
    .toISOString()
    .slice(0, 10);
  /** By how much a row is more than its marks; those that agree so far are not kept. */
  const surplus = new Map<string, { place: Place; by: Counts }>();
  const count = (place: Place, { isByDay }: Family, more: Counts, sign: 1 | -1) => {
    if (isByDay && place.sk.slice(0, 10) > lastDay) return;
    const by = sumOf(surplus.get(nameOf(place))?.by ?? {}, more, sign);
    if (Object.values(by).every((number) => number === 0)) surplus.delete(nameOf(place));
    else surplus.set(nameOf(place), { place, by });
  };
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = placeOf(item);
      const family = familyOf(place);
      if (family) count(place, family, countsOf(item, family), 1);
      const mark = markSchema.safeParse(item).data;
      for (const counted of mark ? countedBy(mark) : [])
        count(counted.place, counted.family, counted.add, -1);
    }
  }
  return new Map([...surplus].map(([name, { place }]) => [name, place]));
}

function sumOf(a: Counts, b: Counts, sign: 1 | -1 = 1): Counts {
  return Object.fromEntries(Object.entries(b).map(([name, value]) => [name, (a[name] ?? 0) + sign * value]));
}

/** What all marks of a row add up to; the fingerprint is another as soon as one of them is. */
interface Sum {
  readonly add: Counts;
  readonly fingerprint: string;
}

function rowOf(place: Place, { tables }: Examination): Omit<Counted<Sum>, 'facts' | 'counts'> {
  const family = familyOf(place) ?? reports;
  const { kind, entityOf, fields } = family;
  return {
    kind,
    entity: entityOf(place),
    what: `row ${place.pk} ${place.sk}`,
    expected: ([sum]) => countsOf(sum?.add ?? {}, family),
    update: (read, expected) => ({
      Update: {
        TableName: tables.insights,
        Key: place,
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

/** The sums of these rows. A best seller is in most orders, so it is not the marks that are kept. */
async function sumsFor(
  rows: ReadonlyMap<string, Place>,
  examination: Examination,
): Promise<Map<string, [Sum]>> {
  const sums = new Map<string, { add: Counts; versions: bigint }>();
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const mark = markSchema.safeParse(item).data;
      if (!mark) continue;
      const version = hashOf(mark);
      for (const { place, add } of countedBy(mark)) {
        const name = nameOf(place);
        if (!rows.has(name)) continue;
        const { add: before = {}, versions = 0n } = sums.get(name) ?? {};
        sums.set(name, { add: sumOf(before, add), versions: versions ^ version });
      }
    }
  }
  return new Map([...sums].map(([name, { add, versions }]) => [name, [{ add, fingerprint: `${versions}` }]]));
}

function hashOf({ orderId, version }: Mark): bigint {
  return createHash('sha256').update(`${orderId} ${version}`).digest().readBigUInt64BE();
}

async function countsFor(
  rows: ReadonlyMap<string, Place>,
  { target, tables, pace }: Examination,
): Promise<Map<string, Counts>> {
  const places = [...rows.values()];
  const found = new Map<string, Item>();
  for (let start = 0; start < places.length; start += keysPerCall) {
    const keys = places.slice(start, start + keysPerCall);
    await pace(keys.length);
    const items = await batchGet(target.dynamo, tables.insights, keys, retryEffects, { consistent: true });
    for (const item of items) found.set(nameOf(placeOf(item)), item);
  }
  // A row that is gone counts nothing.
  return new Map(
    places.map((place) => [
      nameOf(place),
      countsOf(found.get(nameOf(place)) ?? {}, familyOf(place) ?? reports),
    ]),
  );
}
