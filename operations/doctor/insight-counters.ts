import { createHash } from 'node:crypto';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { retryEffects } from '../support/stage.ts';
import { RowChecksums } from './checksums.ts';
import { type Check, type Examination, type Finding, unreadable } from './doctor.ts';
import {
  countedBy,
  countsIn,
  countsOf,
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

/** Which rows are looked at. */
type Interest = (place: Place, family: Family) => boolean;

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
  const isSettled: Interest = ({ sk }, { isByDay }) => !isByDay || sk.slice(0, 10) <= lastDay;
  const { checksums, unread, isComparable } = await addUp(examination, isSettled);
  if (!isComparable || checksums.areAllBalanced) return unread;
  const putOff = checksums.forgetBeyond(mostSuspects);
  if (putOff > 0) examination.note(`about ${putOff} more seem wrong; run again to have them looked at`);
  const isSuspect: Interest = (place, family) =>
    isSettled(place, family) && !checksums.isBalanced(nameOf(place));
  const drifted = await examineScattered<Sum>(
    {
      facts: () => sumsOf(examination, isSuspect),
      rows: (sums) =>
        new Map(
          [...sums].flatMap(([name, [sum]]) => {
            const family = sum && familyOf(sum.place);
            return family ? [[name, rowOf(sum.place, family, examination)] as const] : [];
          }),
        ),
      counts: (sums) =>
        countsFor(
          [...sums.values()].flatMap(([sum]) => sum?.place ?? []),
          examination,
        ),
    },
    examination,
  );
  return [...unread, ...drifted];
};

/** All rows less what all marks say. */
async function addUp(
  examination: Examination,
  isOfInterest: Interest,
): Promise<{ checksums: RowChecksums; unread: Finding[]; isComparable: boolean }> {
  const checksums = new RowChecksums();
  const unread: Finding[] = [];
  let isComparable = true;
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = placeOf(item);
      const family = familyOf(place);
      try {
        if (family && isOfInterest(place, family)) {
          checksums.add(nameOf(place), Object.values(countsOf(item, family)));
        }
        for (const counted of isMark(place) ? countedBy(markSchema.parse(item)) : []) {
          if (!isOfInterest(counted.place, counted.family)) continue;
          const taken = Object.values(counted.add).map((number) => -number);
          checksums.add(nameOf(counted.place), taken);
        }
      } catch (error) {
        if (isMark(place)) isComparable = false;
        if (unread.length === mostUnread) continue;
        const entity = family?.entityOf(place) ?? { type: 'order', id: String(item.orderId) };
        unread.push(unreadable(entity, `row ${nameOf(place)} of the insights`, error));
      }
    }
  }
  return { checksums, unread, isComparable };
}

/** What all marks of a row add up to. */
interface Sum {
  readonly place: Place;
  readonly add: Counts;
  /** Another as soon as an order that may count for the row has moved, or any order was deleted. */
  readonly fingerprint: string;
}

/**
 * The sums of the rows of interest, by their names; nothing for one that no order counts for. A best seller is in most
 * orders, so it is not the marks that are kept.
 * @throws ZodError when a mark cannot be read: it could, a moment ago
 */
async function sumsOf(
  examination: Examination,
  isOfInterest: Interest,
): Promise<Map<string, readonly Sum[]>> {
  const rows = new Map<string, { place: Place; add: Counts; versions: bigint }>();
  const at = (place: Place) => rows.get(nameOf(place)) ?? { place, add: {}, versions: 0n };
  const isWanted = (place: Place) => {
    const family = familyOf(place);
    return family !== undefined && isOfInterest(place, family);
  };
  let gone = 0n;
  for await (const page of examination.scan('insights')) {
    for (const item of page) {
      const place = placeOf(item);
      if (isWanted(place)) rows.set(nameOf(place), at(place));
      if (!isMark(place)) continue;
      const mark = markSchema.parse(item);
      const version = hashOf(mark);
      // Nothing tells any more what a deleted order has counted for.
      if (!mark.facts) gone ^= version;
      for (const touched of touchedBy(mark).values()) {
        if (!isWanted(touched)) continue;
        const row = at(touched);
        rows.set(nameOf(touched), { ...row, versions: row.versions ^ version });
      }
      for (const { place: counted, add } of countedBy(mark)) {
        if (!isWanted(counted)) continue;
        const row = at(counted);
        rows.set(nameOf(counted), { ...row, add: sumOf(row.add, add) });
      }
    }
  }
  return new Map(
    [...rows].map(([name, { place, add, versions }]) => [
      name,
      [{ place, add, fingerprint: `${versions} ${gone}` }],
    ]),
  );
}

function sumOf(a: Counts, b: Counts): Counts {
  return Object.fromEntries(Object.entries(b).map(([name, value]) => [name, (a[name] ?? 0) + value]));
}

function hashOf({ orderId, version }: Mark): bigint {
  return createHash('sha256').update(`${orderId} ${version}`).digest().readBigUInt64BE();
}

function rowOf(place: Place, family: Family, { tables }: Examination): Row<Sum> {
  const { kind, entityOf, fields } = family;
  const isStill = (field: string, read: Counts) =>
    `(${field} = :was_${field}${read[field] === 0 ? ` OR attribute_not_exists(${field})` : ''})`;
  return {
    kind,
    entity: entityOf(place),
    what: `row ${nameOf(place)}`,
    expected: ([sum]) => countsOf(sum?.add ?? {}, family),
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
  places: readonly Place[],
  { target, tables, pace }: Examination,
): Promise<Map<string, Counts>> {
  const found = new Map<string, Item>();
  for (let start = 0; start < places.length; start += keysPerCall) {
    const keys = places.slice(start, start + keysPerCall);
    await pace(keys.length);
    const items = await batchGet(target.dynamo, tables.insights, keys, retryEffects, { consistent: true });
    for (const item of items) found.set(nameOf(placeOf(item)), item);
  }
  return new Map(
    places.flatMap((place) => {
      const family = familyOf(place);
      // A row that is gone counts nothing; one that cannot be read is a finding already.
      const counts = family && countsIn(found.get(nameOf(place)) ?? {}, family);
      return counts ? [[nameOf(place), counts] as const] : [];
    }),
  );
}
