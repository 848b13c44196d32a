import { randomBytes } from 'node:crypto';
import { mapAtOnce } from '../../shared/at-once.ts';
import type { StoredEntry } from '../../shared/audit/seal.ts';
import { sealEntries } from '../../shared/audit/seal-entries.ts';
import type { Target } from '../support/target.ts';
import { readChain } from './read-chain.ts';
import { chainsAtOnce, type Run, startRun } from './run.ts';

/** As long as the stream keeps a record; whatever is older it cannot bring any more. */
const streamMilliseconds = 24 * 3600 * 1000;

/**
 * Seals what the stream cannot bring any more.
 * @returns how many entries
 */
export async function adoptLost(
  run: Run,
  names: readonly string[],
  progress: (text: string) => void,
): Promise<number> {
  const isLost = ({ at }: StoredEntry) => run.ageOf(String(at)) > streamMilliseconds;
  let [adopted, done] = [0, 0];
  await mapAtOnce(names, chainsAtOnce, async (chain) => {
    const sealed = await adopt(run, chain, isLost);
    adopted += sealed;
    done += 1;
    progress(`${done} of ${names.length} chains looked through for what has no seal …`);
  });
  return adopted;
}

/**
 * Seals those wanted of a chain's entries that have no seal, marked as sealed by hand.
 * @returns how many
 */
export async function adoptEntries(
  target: Target,
  chain: string,
  isWanted: (entry: StoredEntry) => boolean,
  unitsPerSecond: number,
): Promise<number> {
  const options = { strict: false, adopt: true, anchors: false, unitsPerSecond, patienceMilliseconds: 0 };
  return adopt(startRun(target, options), chain, isWanted);
}

async function adopt(run: Run, chain: string, isWanted: (entry: StoredEntry) => boolean): Promise<number> {
  const writtenAt = new Date().toISOString();
  let adopted = 0;
  for await (const { links } of readChain(run, chain)) {
    const written = links
      .flatMap(({ entry, seal }) => (entry && !seal && isWanted(entry) ? [entry] : []))
      .map((entry) => ({ entry, writtenAt, adopted: true as const }));
    adopted += await sealEntries(chain, written, run.store, () => randomBytes(32).toString('hex'));
  }
  return adopted;
}
