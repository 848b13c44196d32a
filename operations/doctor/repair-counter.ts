import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { auditItem } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { type TransactItem, transact } from '../../shared/adapters/dynamodb/transact.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import { retryEffects } from '../support/stage.ts';
import { doctorEntry, type Examination, type Finding } from './doctor.ts';

export type Counts = Readonly<Record<string, number>>;

/** A counter, and the facts that it has to agree with. */
export interface Counted<Fact> {
  readonly kind: Finding['kind'];
  readonly entity: AuditEntry['entity'];
  /** What is counted, in words. */
  readonly what: string;
  /** Every fact, read strongly. A fact only ever moves on, and never back to where it was. */
  facts(): Promise<readonly Fact[]>;
  /** The counters as they stand; undefined when what carries them is gone. */
  counts(): Promise<Counts | undefined>;
  expected(facts: readonly Fact[]): Counts;
  /** The update that moves the counters, on the condition that they still are what was read. */
  update(read: Counts, expected: Counts): TransactItem;
}

const looks = 5;
const pauseMilliseconds = 200;

/**
 * Counters and facts as they were at one moment. Facts that are the same before and after the counters were read
 * stood still meanwhile, since none goes back; so a difference is one, however busy the shop is.
 * @returns undefined when they would not stand still
 */
async function snapshot<Fact>(counted: Counted<Fact>) {
  for (let look = 0; look < looks; look += 1) {
    if (look > 0) await sleep(pauseMilliseconds * look);
    const before = await counted.facts();
    const counts = await counted.counts();
    const after = await counted.facts();
    if (isDeepStrictEqual(before, after)) return { facts: after, counts };
  }
  return undefined;
}

function differs(counts: Counts, expected: Counts): boolean {
  return Object.entries(expected).some(([name, value]) => counts[name] !== value);
}

/**
 * Looks at a counter that seemed wrong in the scan.
 * @returns the finding when it is wrong; none when a row of it cannot be read, which is a finding of its own
 */
export async function examineCounter<Fact>(
  counted: Counted<Fact>,
  examination: Examination,
): Promise<Finding | undefined> {
  const { kind, entity, what } = counted;
  const seen = await snapshot(counted).catch((error: unknown) => {
    if (error instanceof z.ZodError) return undefined;
    throw error;
  });
  if (!seen?.counts) return undefined;
  const expected = counted.expected(seen.facts);
  if (!differs(seen.counts, expected)) return undefined;
  return {
    kind,
    entity,
    detail: `${what}: ${words(seen.counts)}, where its rows say ${words(expected)}`,
    advice: 'Run with --fix: the counters are moved to what the rows say.',
    fix: () => repair(counted, examination),
  };
}

async function repair<Fact>(counted: Counted<Fact>, examination: Examination): Promise<string | undefined> {
  for (let attempt = 0; attempt < looks; attempt += 1) {
    const seen = await snapshot(counted);
    if (!seen?.counts) break;
    const expected = counted.expected(seen.facts);
    if (!differs(seen.counts, expected)) return undefined;
    if (await move(counted, { facts: seen.facts, counts: seen.counts }, examination)) {
      return `${counted.what}: now ${words(expected)}`;
    }
  }
  throw new Error(`${counted.what} keeps moving; run the doctor again when the shop is quieter`);
}

/**
 * Moves the counters from what was read to what the facts say, with its audit entry. It may be long after they were
 * read: whoever moves facts moves the counters with them, so counters that still are the same belong to the same facts.
 * @returns false when they are not, as when somebody has made this very repair
 */
async function move<Fact>(
  counted: Row<Fact>,
  { facts, counts }: { facts: readonly Fact[]; counts: Counts },
  { target, tables, clock }: Pick<Examination, 'target' | 'tables' | 'clock'>,
): Promise<boolean> {
  const expected = counted.expected(facts);
  const at = clock.now();
  // With the time, as the very same damage may come again. Of two doctors who saw the same, one finds the counters
  // moved by the other.
  const once = createHash('sha256')
    .update(JSON.stringify([counted.kind, counted.what, facts, counts, at]))
    .digest('hex')
    .slice(0, 32);
  const act = { action: counted.kind, once, before: { ...counts }, after: { ...expected } };
  const entry = auditItem(doctorEntry(counted.entity, act, at));
  const refused = await transact(
    target.dynamo,
    [
      counted.update(counts, expected),
      { Put: { TableName: tables.audit, Item: entry, ConditionExpression: 'attribute_not_exists(pk)' } },
    ],
    retryEffects,
  );
  return refused === undefined;
}

/** Many counters whose facts lie all over a table, so that they are told by scans, by the counter's name. */
interface Scattered<Fact> {
  /** The facts of all of these counters, by one strongly consistent scan; each counter's in an order of its own. */
  facts(): Promise<ReadonlyMap<string, readonly Fact[]>>;
  /** The counters that these facts are of. */
  rows(facts: ReadonlyMap<string, readonly Fact[]>): ReadonlyMap<string, Row<Fact>>;
  /** Read strongly; none of a counter whose carrier is gone. */
  counts(facts: ReadonlyMap<string, readonly Fact[]>): Promise<ReadonlyMap<string, Counts>>;
}

/** A counter without the reads, which are made for many at once. */
export type Row<Fact> = Omit<Counted<Fact>, 'facts' | 'counts'>;

/** A transaction's writes may be seen some milliseconds after each other, by scans: no read is so close to another. */
const apartMilliseconds = 250;

/**
 * Two scans, however many counters seem wrong. As with one counter, facts that are the same before and after stood
 * still while it was read; of the others only their number is told, and the next run looks at them.
 */
export async function examineScattered<Fact>(
  scattered: Scattered<Fact>,
  examination: Examination,
): Promise<Finding[]> {
  const before = await scattered.facts();
  await sleep(apartMilliseconds);
  const counts = await scattered.counts(before);
  await sleep(apartMilliseconds);
  const after = await scattered.facts();
  const findings: Finding[] = [];
  let moved = 0;
  for (const [name, row] of scattered.rows(before)) {
    const facts = after.get(name) ?? [];
    const read = counts.get(name);
    if (!read || !differs(read, row.expected(facts))) continue;
    if (isDeepStrictEqual(before.get(name) ?? [], facts)) {
      findings.push(scatteredFinding(row, { facts, counts: read }, examination));
    } else moved += 1;
  }
  if (moved > 0)
    examination.note(`${moved} of them moved while they were read; run again to have them looked at`);
  return findings;
}

function scatteredFinding<Fact>(
  row: Row<Fact>,
  seen: { facts: readonly Fact[]; counts: Counts },
  examination: Examination,
): Finding {
  const { kind, entity, what } = row;
  const expected = row.expected(seen.facts);
  return {
    kind,
    entity,
    detail: `${what}: ${words(seen.counts)}, where the orders counted for it say ${words(expected)}`,
    advice: 'Run with --fix: it is moved to what they say.',
    async fix() {
      if (await move(row, seen, examination)) return `${what}: now ${words(expected)}`;
      throw new Error(`${what} has moved since; run the doctor again`);
    },
  };
}

export function words(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
