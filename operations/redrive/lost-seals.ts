import * as z from 'zod';
import { adoptEntries } from '../audit-verify/adopt.ts';
import { type Proof, verifyAudit } from '../audit-verify.ts';
import type { Target } from '../support/target.ts';
import type { Replay } from './replays.ts';

const quiet = { line: () => undefined, progress: () => undefined };
const unitsPerSecond = 200;

/** What Lambda tells of records that it gave up. */
const batchSchema = z.object({
  DDBStreamBatchInfo: z.object({
    approximateArrivalOfFirstRecord: z.iso.datetime(),
    approximateArrivalOfLastRecord: z.iso.datetime(),
  }),
});
/** An entry tells of a moment a little before it reached the stream. */
const beforeMilliseconds = 60_000;

type Flaw = Proof['flaws'][number];

/**
 * Seals, by hand, the entries of a batch that the stream has lost, and forgets the salts of what was erased. Entries that are on their way to the sealer are left
 * to it: a seal by hand says for good that nobody saw how its entry was written. The trail is proved once for all
 * messages; what else is wrong with it is told.
 */
export function sealsOf(target: Target): Replay['message'] {
  const options = { strict: false, anchors: false, patienceMilliseconds: 0, unitsPerSecond };
  let proved: Promise<Proof> | undefined;
  return async (body) => {
    const isFirst = !proved;
    // What is older than the stream keeps its records is lost, whichever message tells of it. So is an erasure.
    proved ??= verifyAudit(target, { ...options, adopt: true }, quiet);
    const flaws = (await proved).flaws;
    const isUnsealed = ({ flaw }: Flaw) => flaw === 'entry_unsealed' || flaw === 'entry_pending';
    const lost = flaws.filter((flaw) => isUnsealed(flaw) && isInBatch(flaw, body));
    for (const [chain, of] of Map.groupBy(lost, (flaw) => flaw.chain)) {
      const keys = new Set(of.map(({ entry }) => entry));
      await adoptEntries(target, chain, ({ sk }) => keys.has(sk), unitsPerSecond);
    }
    // What is sealed only now may prove an erasure, whose salts can go.
    const doubted = flaws.filter(({ flaw }) => flaw === 'entry_pending' || flaw === 'erased_without_erasure');
    for (const chain of lost.length > 0 ? new Set(doubted.map((flaw) => flaw.chain)) : []) {
      await verifyAudit(target, { ...options, chain, adopt: true }, quiet);
    }
    const others = isFirst ? flaws.filter((flaw) => !isUnsealed(flaw)) : [];
    return others.map(({ flaw, chain, entry = '' }) => `${flaw} ${chain} ${entry}: run npm run audit:verify`);
  };
}

/** The key of an entry begins with the moment that it tells. A message that tells of no batch has none. */
function isInBatch({ entry = '' }: Flaw, body: string): boolean {
  const batch = batchSchema.safeParse(parsed(body)).data?.DDBStreamBatchInfo;
  if (!batch) return false;
  const at = Date.parse(entry.split('#')[0] ?? '');
  const first = Date.parse(batch.approximateArrivalOfFirstRecord) - beforeMilliseconds;
  // Arrivals are told to the second.
  return at >= first && at <= Date.parse(batch.approximateArrivalOfLastRecord) + 1000;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
