import { mapAtOnce } from '../../shared/at-once.ts';
import type { ErasureLookup } from '../../shared/audit/erasure-lookup.ts';
import { contentDigest, hashOf, type StoredEntry } from '../../shared/audit/seal.ts';
import {
  bestOf,
  type ChainLink,
  type Erasure,
  type ErasureOf,
  isErasedPart,
  isOrderChain,
  personsOf,
  personsToAsk,
} from '../../shared/audit/verify-chain.ts';
import { readChain, type TrailTables } from './read-chain.ts';

/** As long as the sealer may be behind before it is an alarm. */
export const sealerMilliseconds = 15 * 60_000;
const personsAtOnce = 8;

export interface Erasures {
  /** Asks about all whose erasure these entries of a chain may show. */
  ofEntries(chain: string, entries: readonly StoredEntry[]): Promise<ErasureOf>;
}

/** @param ageOf of a moment, in milliseconds; NaN when it is none */
export function createErasures(
  tables: TrailTables,
  lookup: ErasureLookup,
  ageOf: (at: string) => number,
): Erasures {
  const known = new Map<string, Erasure>();
  const erasureOf = async (userId: string): Promise<Erasure> => {
    const before = known.get(userId);
    if (before) return before;
    const erasure = (await lookup.isErased(userId)) ? await provenOf(userId) : 'none';
    // What is proved stays so. Everything else may look better a moment later.
    if (erasure === 'proved') known.set(userId, erasure);
    return erasure;
  };

  /** The register alone proves little: who may empty an entry may also write there. Their own trail must tell of it. */
  async function provenOf(userId: string): Promise<Erasure> {
    let erasure: Erasure = 'unproved';
    for await (const { links } of readChain(tables, `USER#${userId}`)) {
      for (const link of links) erasure = after(erasure, link, ageOf(link.key.split('#')[0] ?? ''));
    }
    return erasure;
  }

  return {
    async ofEntries(chain, entries) {
      const erased = entries.filter((entry) => isErasedPart(entry, 'where') || isErasedPart(entry, 'reason'));
      if (erased.length === 0) return () => 'none';
      const customer = isOrderChain(chain) ? await lookup.customerOf(chain) : undefined;
      const persons = [...personsToAsk(erased, customer)];
      const states = await mapAtOnce(
        persons,
        personsAtOnce,
        async (id) => [id, await erasureOf(id)] as const,
      );
      const byPerson = new Map(states);
      return (entry, part) =>
        bestOf(personsOf(entry, part, customer).map((id) => byPerson.get(id) ?? 'none'));
    },
  };
}

const erasing = new Set<unknown>(['user.erasure_started', 'user.erased', 'user.erasure_repeated']);

/** What is known of an erasure after one entry more of the person's own trail. */
function after(erasure: Erasure, { entry, seal }: ChainLink, age: number): Erasure {
  if (entry?.action === 'user.erasure_withdrawn') return 'unproved';
  if (!entry || !erasing.has(entry.action)) return erasure;
  const isYoung = Math.abs(age) < sealerMilliseconds;
  if (seal && hashOf(seal) === seal.hash && contentDigest(entry) === seal.content) {
    return isYoung ? 'recent' : 'proved';
  }
  return !seal && isYoung && erasure === 'unproved' ? 'pending' : erasure;
}
