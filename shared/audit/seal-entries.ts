import {
  emptyHead,
  type Head,
  headOf,
  nextSeal,
  type PersonalPart,
  type Seal,
  type WrittenEntry,
} from './seal.ts';

/** Keeps the chains. Throws TransientError when the store is busy. */
export interface SealStore {
  /** The chain's head, and which of these entries have a seal; read strongly. */
  read(chain: string, entries: readonly string[]): Promise<{ head: Head | undefined; sealed: Set<string> }>;
  /**
   * Writes the seals and the new head together.
   * @returns false when the head is no longer the one that they follow on: another writer was first
   */
  append(seals: readonly Seal[], before: Head | undefined, after: Head): Promise<boolean>;
  /** Forgets the salts of those parts of an entry that were erased; fine when there is no such seal. */
  forget(chain: string, entry: string, parts: readonly PersonalPart[]): Promise<void>;
}

/** One write takes so many seals and the head. */
export const sealsPerWrite = 50;
const attempts = 5;

/**
 * Seals entries of one chain in the order they are given. Those that have a seal are passed over, so that a
 * repetition changes nothing; a chain with two writers neither forks nor loses one, as each write names the head that
 * it follows on.
 * @param salt makes a new salt
 * @returns how many were sealed
 * @throws Error when other writers keep being first
 */
export async function sealEntries(
  chain: string,
  written: readonly WrittenEntry[],
  store: SealStore,
  salt: () => string,
): Promise<number> {
  let sealedNow = 0;
  for (let start = 0; start < written.length; start += sealsPerWrite) {
    sealedNow += await sealSome(chain, written.slice(start, start + sealsPerWrite), store, salt);
  }
  return sealedNow;
}

async function sealSome(
  chain: string,
  written: readonly WrittenEntry[],
  store: SealStore,
  salt: () => string,
): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const { head, sealed } = await store.read(
      chain,
      written.map(({ entry }) => entry.sk),
    );
    const open = written.filter(
      ({ entry }, index) =>
        !sealed.has(entry.sk) && written.findIndex((other) => other.entry.sk === entry.sk) === index,
    );
    if (open.length === 0) return 0;
    const seals: Seal[] = [];
    let last = head ?? emptyHead(chain);
    for (const one of open) {
      const seal = nextSeal(one, last, salt);
      seals.push(seal);
      last = headOf(seal);
    }
    if (await store.append(seals, head, last)) return seals.length;
  }
  throw new Error(`The chain of ${chain} keeps growing under this writer`);
}
