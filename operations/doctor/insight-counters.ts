import { createHash } from 'node:crypto';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { counterItemKey } from '../../shared/adapters/dynamodb/insight-items.ts';
import { added } from '../../shared/insights/counters.ts';
import { retryEffects } from '../support/stage.ts';
import { RowChecksums } from './checksums.ts';
import { type Check, type Examination, type Finding, unreadable } from './doctor.ts';
import {
  countersIn,
  type Family,
  familyOf,
  type Item,
  isMark,
  type Mark,
  markSchema,
  nameOf,
  type Place,
  placeOf,
  touchedBy,
} from './insight-rows.ts';
import { type Counts, examineScattered, type Row } from './repair-counter.ts';

/** Younger days still move while they are read. */
const settledDays = 2;
const dayMilliseconds = 24 * 3600 * 1000;
const keysPerCall = 100;
/** Some hundred megabytes of rows. */
const mostSuspects = 200_000;
/** So many tell enough. */
const mostUnread = 100;

/** The family of a row that is looked at; undefined of any other. */
type Interest = (place: Place) => Family | undefined;

/**
 * The rows of reports and rankings add up to the orders that were counted for them; one that is gone counts nothing.
 * One scan when all do, else three, however many rows there are or have drifted.
 *
 * When a mark cannot be read nothing is compared: what it counts for would be taken away from its rows.
 */
export const checkInsightCounters: Check = async (examination) => {
  const lastDay = new Date(examination.clock.now().getTime() - settledDays * dayMilliseconds)
    .toISOString()
    .slice(0, 10);
  const settled: Interest = (place) => {
    const family = familyOf(place);
    return family?.isByDay && place.sk.slice(0, 10) > lastDay ? undefined : family;
  };
  const { checksums, unread, isComparable } = await addUp(examination, settled);
  if (!isComparable || checksums.areAllBalanced) return unread;
  const putOff = checksums.forgetBeyond(mostSuspects);
  if (putOff > 0) examination.note(`about ${putOff} more seem wrong; run again to have them looked at`);
  const suspected: Interest = (place) => {
    const family = settled(place);
    return family && !checksums.isBalanced(nameOf(place)) ? family : undefined;
  };
  const drifted = await examineScattered<Sum>(
    {
      facts: () => sumsOf(examination, suspected),
      rows: (sums) =>
        new Map(
          [...sums].flatMap(([name, [sum]]) => (sum ? [[name, rowOf(sum, examination)] as const] : [])),
        ),
      counts: (sums) => countsFor([...sums.values()].flat(), examination),
    },
    examination,
  );
  return [...unread, ...drifted];
};

/** All rows less what all marks say. */
async function addUp(
  examination: Examination,
  interest: Interest,
): Promise<{ checksums: RowChecksums; unread: Finding[]; isComparable: boolean }> {
  const checksums = new RowChecksums();
  const unread: Finding[] = [];
  let isComparable = true;
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = placeOf(item);
      try {
        const family = interest(place);
        if (family) checksums.add(nameOf(place), Object.values(family.counts.parse(item)));
        for (const counter of isMark(place) ? countersIn(markSchema.parse(item)) : []) {
          const row = counterItemKey(counter);
          const taken = interest(row)?.counts.parse(counter.add);
          if (taken)
            checksums.add(
              nameOf(row),
              Object.values(taken).map((number) => -number),
            );
        }
      } catch (error) {
        if (isMark(place)) isComparable = false;
        if (unread.length === mostUnread) continue;
        const entity = familyOf(place)?.entityOf(place) ?? { type: 'order', id: String(item.orderId) };
        unread.push(unreadable(entity, `row ${nameOf(place)} of the insights`, error));
      }
    }
  }
  return { checksums, unread, isComparable };
}

/** What all marks of a row add up to. */
interface Sum {
  readonly place: Place;
  readonly family: Family;
  readonly add: Counts;
  /** Another as soon as an order that may count for the row has moved, or any order was deleted. */
  readonly fingerprint: string;
}

/**
 * The sums of the rows of interest, by their names; nothing for one that no order counts for. A best seller is in most
 * orders, so it is not the marks that are kept.
 * @throws ZodError when a mark cannot be read: it could, a moment ago
 */
async function sumsOf(examination: Examination, interest: Interest): Promise<Map<string, readonly Sum[]>> {
  const rows = new Map<string, Omit<Sum, 'fingerprint'> & { readonly versions: bigint }>();
  const count = (place: Place, add: Counts = {}, version = 0n) => {
    const family = interest(place);
    if (!family) return;
    const name = nameOf(place);
    const before = rows.get(name) ?? { add: {}, versions: 0n };
    rows.set(name, { place, family, add: added(before.add, add), versions: before.versions ^ version });
  };
  let gone = 0n;
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = placeOf(item);
      count(place);
      if (!isMark(place)) continue;
      const mark = markSchema.parse(item);
      const version = hashOf(mark);
      // Nothing tells any more what a deleted order has counted for.
      if (!mark.facts) gone ^= version;
      const adds = new Map(countersIn(mark).map((counter) => [nameOf(counterItemKey(counter)), counter.add]));
      for (const [name, row] of touchedBy(mark)) count(row, adds.get(name), version);
    }
  }
  return new Map(
    [...rows].map(([name, { versions, ...sum }]) => [name, [{ ...sum, fingerprint: `${versions} ${gone}` }]]),
  );
}

function hashOf({ orderId, version }: Mark): bigint {
  return createHash('sha256').update(`${orderId} ${version}`).digest().readBigUInt64BE();
}

function rowOf({ place, family }: Sum, { tables }: Examination): Row<Sum> {
  const { kind, entityOf, fields, counts } = family;
  const isStill = (field: string, read: Counts) =>
    `(${field} = :was_${field}${read[field] === 0 ? ` OR attribute_not_exists(${field})` : ''})`;
  return {
    kind,
    entity: entityOf(place),
    what: `row ${nameOf(place)}`,
    expected: ([sum]) => counts.parse(sum?.add ?? {}),
    update: (read, expected) => ({
      Update: {
        TableName: tables.insights,
        Key: place,
        UpdateExpression: `SET ${fields.map((field) => `${field} = :${field}`).join(', ')}`,
        ConditionExpression: fields.map((field) => isStill(field, read)).join(' AND '),
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

async function countsFor(
  sums: readonly Sum[],
  { target, tables, pace }: Examination,
): Promise<Map<string, Counts>> {
  const found = new Map<string, Item>();
  for (let start = 0; start < sums.length; start += keysPerCall) {
    const keys = sums.slice(start, start + keysPerCall).map(({ place }) => place);
    await pace(keys.length);
    const items = await batchGet(target.dynamo, tables.insights, keys, retryEffects, { consistent: true });
    for (const item of items) found.set(nameOf(placeOf(item)), item);
  }
  return new Map(
    sums.flatMap(({ place, family }) => {
      // A row that is gone counts nothing; one that cannot be read is a finding already.
      const counts = family.counts.safeParse(found.get(nameOf(place)) ?? {}).data;
      return counts ? [[nameOf(place), counts] as const] : [];
    }),
  );
}
