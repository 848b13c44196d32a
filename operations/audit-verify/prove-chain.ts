import { setTimeout as sleep } from 'node:timers/promises';
import { type ChainFlaw, type ChainLink, notices, startProof } from '../../shared/audit/verify-chain.ts';
import { isCreation } from './anchors.ts';
import { sealerMilliseconds } from './erasures.ts';
import { readChain, readEntry } from './read-chain.ts';
import type { Run } from './run.ts';

const waitMilliseconds = 250;
/** Flaws are looked at so often: pages that are read while a chain grows may not belong to one moment. */
const looks = 4;

export interface ChainVerdict {
  readonly entries: number;
  /** How many of them were sealed by hand. */
  readonly adopted: number;
  /** Whether one of them tells of a creation. */
  readonly isCreated: boolean;
  readonly flaws: readonly ChainFlaw[];
}

/**
 * A shop at work writes while its trail is read: what looks wrong is looked at again before it counts. An entry that
 * was written a moment ago waits for its seal; when it waits for longer than we do, it is pending.
 */
export async function proveChain(chain: string, run: Run): Promise<ChainVerdict> {
  for (let look = 1; ; look += 1) {
    const proof = await proveOnce(chain, run);
    const flaws = proof.flaws.map((flaw) => pendingWhenYoung(flaw, run));
    const isWaiting = flaws.some(({ flaw }) => flaw === 'entry_pending' || flaw === 'salt_kept');
    const isFlawed = flaws.some(({ flaw }) => flaw !== 'entry_pending' && !notices.has(flaw));
    if (isWaiting && (await run.wait())) continue;
    if (!isFlawed || look >= looks) return { ...proof, flaws };
    await sleep(waitMilliseconds);
  }
}

/** The key of an entry begins with the moment that it tells. */
function pendingWhenYoung(flaw: ChainFlaw, { ageOf }: Run): ChainFlaw {
  const isYoung = Math.abs(ageOf(flaw.entry?.split('#')[0] ?? '')) < sealerMilliseconds;
  return isYoung && flaw.flaw === 'entry_unsealed'
    ? { ...flaw, flaw: 'entry_pending', detail: 'the entry has no seal yet' }
    : flaw;
}

async function proveOnce(chain: string, run: Run): Promise<ChainVerdict> {
  const proof = startProof(chain);
  let [entries, adopted, isCreated] = [0, 0, false];
  let flaws: ChainFlaw[] = [];
  for await (const { links: read, head, isLast } of readChain(run, chain)) {
    const links = await Promise.all(read.map((link) => withLateEntry(chain, link, run)));
    const found = links.flatMap(({ entry }) => (entry ? [entry] : []));
    const erasureOf = await run.erasures.ofEntries(chain, found);
    for (const link of links) proof.add(link, erasureOf);
    entries += found.length;
    adopted += links.filter(({ seal }) => seal?.adopted).length;
    isCreated ||= found.some(({ action }) => isCreation(action));
    if (isLast) flaws = proof.end(head);
  }
  return {
    entries,
    adopted,
    isCreated,
    flaws: run.options.adopt ? await forgetSalts(chain, flaws, run) : flaws,
  };
}

/** An entry and its seal that were written after the chain's last entries had been read come as a seal alone. */
async function withLateEntry(chain: string, link: ChainLink, run: Run): Promise<ChainLink> {
  if (link.entry || link.seal?.entry !== link.key) return link;
  const entry = await readEntry(run, chain, link.key);
  return entry ? { ...link, entry } : link;
}

/** @returns the flaws that are left */
async function forgetSalts(chain: string, flaws: readonly ChainFlaw[], { store }: Run): Promise<ChainFlaw[]> {
  const left: ChainFlaw[] = [];
  for (const flaw of flaws) {
    if (flaw.part === undefined || flaw.entry === undefined) left.push(flaw);
    else await store.forget(chain, flaw.entry, [flaw.part]);
  }
  return left;
}
