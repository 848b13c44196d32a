import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSealStore, readSeals } from '../shared/adapters/dynamodb/audit-seals.ts';
import { batchGet } from '../shared/adapters/dynamodb/batch-get.ts';
import { queryAll } from '../shared/adapters/dynamodb/query-all.ts';
import { type StoredEntry, storedEntrySchema } from '../shared/audit/seal.ts';
import { sealEntries } from '../shared/audit/seal-entries.ts';
import { type ChainFlaw, notices, personsToAsk, verifyChain } from '../shared/audit/verify-chain.ts';
import { type Clock, systemClock } from '../shared/effects.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { runCommand, type Terminal, terminal } from './support/command.ts';
import { scan } from './support/scan.ts';
import { retryEffects } from './support/stage.ts';
import { connect, type Target } from './support/target.ts';

const usage = `npm run audit:verify -- [ENTITY] [--port 3000 | --stage dev|prod] [--strict] [--adopt]

Proves that the audit trail is whole: every entry as it was written, none missing, none put in. ENTITY is one chain,
e.g. ORDER#01J…, PRODUCT#01J… or USER#01J…; without it all are proved. Exit code 1 when something is wrong.

  --strict  entries that were written more than 15 minutes after the moment that they tell are wrong, too
  --adopt   seals what has no seal and is older than a day, which the stream cannot bring any more: entries from
            before there were seals, or that the stream lost. They are marked as sealed by hand, for good; look at
            them before.
  --units N read units a second that finding the chains takes (default 200)`;

export interface VerifyOptions {
  /** Every chain when left out. */
  readonly chain?: string | undefined;
  readonly strict: boolean;
  /** Seal what the stream cannot bring any more. */
  readonly adopt: boolean;
  readonly unitsPerSecond: number;
  /** How long entries that were just written may be waited for, all together; what is younger than that is pending. */
  readonly patienceMilliseconds: number;
  readonly clock?: Clock;
}

export interface Proof {
  readonly chains: number;
  readonly entries: number;
  readonly adopted: number;
  readonly flaws: readonly ({ readonly chain: string } & ChainFlaw)[];
  /** No flaws but notices, or what waits for its seal. */
  readonly isWhole: boolean;
}

const waitMilliseconds = 250;
/** Flaws are looked at so often: pages that are read while a chain grows may not belong to one moment. */
const looks = 4;
/** As long as the sealer may be behind before it is an alarm. */
const pendingMilliseconds = 15 * 60_000;
/** As long as the stream keeps a record; whatever is older it cannot bring any more. */
const streamMilliseconds = 24 * 3600 * 1000;

const ageOf = (at: string, { clock = systemClock }: VerifyOptions) => clock.now().getTime() - Date.parse(at);

/** Proves one chain or all, and prints what is wrong. */
export async function verifyAudit(
  target: Target,
  options: VerifyOptions,
  { line, progress }: Terminal = terminal,
): Promise<Proof> {
  const names = options.chain === undefined ? await chainNames(target, options, progress) : [options.chain];
  const flaws: Proof['flaws'][number][] = [];
  let entries = 0;
  let adopted = 0;
  const patience = { milliseconds: options.patienceMilliseconds };
  for (const [index, chain] of names.entries()) {
    progress(`${index + 1} of ${names.length} chains …`);
    if (options.adopt) {
      const isLost = ({ at }: StoredEntry) => ageOf(String(at), options) > streamMilliseconds;
      adopted += await adoptEntries(target, chain, isLost);
    }
    const proof = await patiently(target, chain, options, patience);
    entries += proof.entries;
    adopted += options.adopt ? 0 : proof.adopted;
    for (const flaw of proof.flaws) {
      flaws.push({ chain, ...flaw });
      line(`${flaw.flaw.padEnd(23)} ${chain}  ${flaw.entry ?? ''}\n${' '.repeat(23)} ${flaw.detail}`);
    }
  }
  const isFine = ({ flaw }: ChainFlaw) => flaw === 'entry_pending' || (!options.strict && notices.has(flaw));
  const isWhole = flaws.every(isFine);
  const byHand = adopted > 0 ? `, ${adopted} of them sealed by hand` : '';
  const waiting = flaws.filter(({ flaw }) => flaw === 'entry_pending').length;
  const pending = waiting > 0 ? `, ${waiting} not sealed yet` : '';
  line(
    `${entries} entries in ${names.length} chains${byHand}${pending}: ${isWhole ? 'proved' : 'NOT proved'}.`,
  );
  return { chains: names.length, entries, adopted, flaws, isWhole };
}

/**
 * A shop at work writes while its trail is read: what looks wrong is looked at again before it counts. An entry that
 * was written a moment ago waits for its seal; when it waits for longer than we do, it is pending.
 */
async function patiently(
  target: Target,
  chain: string,
  options: VerifyOptions,
  patience: { milliseconds: number },
) {
  for (let look = 1; ; look += 1) {
    const proof = await proveChain(target, chain);
    const flaws = proof.flaws.map((flaw) => pendingWhenYoung(flaw, options));
    const isWaiting = flaws.some(({ flaw }) => flaw === 'entry_pending') && patience.milliseconds > 0;
    const isFlawed = flaws.some(({ flaw }) => flaw !== 'entry_pending' && !notices.has(flaw));
    if (!isWaiting && (!isFlawed || look >= looks)) return { ...proof, flaws };
    await sleep(waitMilliseconds);
    if (isWaiting) patience.milliseconds -= waitMilliseconds;
  }
}

/** The key of an entry begins with the moment that it tells. */
function pendingWhenYoung(flaw: ChainFlaw, options: VerifyOptions): ChainFlaw {
  const age = ageOf(flaw.entry?.split('#')[0] ?? '', options);
  const isYoung = flaw.flaw === 'entry_unsealed' && age < pendingMilliseconds && age > -pendingMilliseconds;
  return isYoung ? { ...flaw, flaw: 'entry_pending', detail: 'the entry has no seal yet' } : flaw;
}

async function proveChain(target: Target, chain: string) {
  // Seals first: an entry has its seal after it was written, and never leaves.
  const { head, seals } = await readSeals(target.dynamo, target.output('AuditSealsTableName'), chain);
  const entries = await readEntries(target, chain);
  const persons = personsToAsk(chain, entries);
  const flaws = verifyChain({ chain, head, seals, entries }, await erasedOf(target, [...persons]));
  const adopted = seals.filter((seal) => seal.adopted).length;
  return { entries: entries.length, adopted, flaws };
}

async function readEntries(target: Target, chain: string): Promise<StoredEntry[]> {
  const items = await queryAll(target.dynamo, {
    TableName: target.output('AuditTableName'),
    KeyConditionExpression: 'pk = :chain',
    ExpressionAttributeValues: { ':chain': chain },
    ConsistentRead: true,
  });
  return items.map((item) => storedEntrySchema.parse(item));
}

/** Those of the persons whose erasure is on record; it stays there for good. */
async function erasedOf(target: Target, persons: readonly string[]): Promise<Set<string>> {
  const keys = persons.map((userId) => ({ pk: `ERASURE#${userId}` }));
  const table = target.output('UsersTableName');
  const items = await batchGet(target.dynamo, table, keys, retryEffects, { consistent: true });
  return new Set(items.map(({ pk }) => String(pk).slice('ERASURE#'.length)));
}

/** Of both tables: a chain whose entries are all gone still has its seals. */
async function chainNames(
  target: Target,
  { unitsPerSecond }: VerifyOptions,
  progress: (text: string) => void,
): Promise<string[]> {
  const names = new Set<string>();
  for (const table of ['Audit', 'AuditSeals']) {
    const onPage = (count: number) => progress(`${count} items of ${table} …`);
    for await (const page of scan(target.dynamo, target.output(`${table}TableName`), {
      unitsPerSecond,
      onPage,
    })) {
      for (const { pk } of page) names.add(String(pk));
    }
  }
  return [...names].sort();
}

/**
 * Seals those wanted of a chain's entries that have no seal, marked as sealed by hand.
 * @returns how many
 */
export async function adoptEntries(
  target: Target,
  chain: string,
  isWanted: (entry: StoredEntry) => boolean,
): Promise<number> {
  const store = createSealStore(target.dynamo, target.output('AuditSealsTableName'), retryEffects);
  const writtenAt = new Date().toISOString();
  const written = (await readEntries(target, chain))
    .filter(isWanted)
    .map((entry) => ({ entry, writtenAt, adopted: true as const }));
  return sealEntries(chain, written, store, () => randomBytes(32).toString('hex'));
}

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['strict', 'adopt'], options: ['units'] });
  const [chain, ...more] = given.positionals;
  if (more.length > 0) throw new UsageError('One entity at a time, or none for all.');
  const unitsPerSecond = Number(given.value('units') ?? 200);
  if (!(unitsPerSecond > 0)) throw new UsageError('--units takes a number above zero.');
  const target = await connect(given.place);
  try {
    const proof = await verifyAudit(target, {
      chain,
      strict: given.has('strict'),
      adopt: given.has('adopt'),
      unitsPerSecond,
      patienceMilliseconds: 30_000,
    });
    return proof.isWhole ? 0 : 1;
  } finally {
    target.close();
  }
});
