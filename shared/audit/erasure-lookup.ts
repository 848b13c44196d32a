import { type PersonalPart, personalParts, type StoredEntry } from './seal.ts';
import { erasedBetween, isOrderChain, personsOf } from './verify-chain.ts';

/** Asks who was erased. Everything is read strongly. */
export interface ErasureLookup {
  /** Whether the person is on the register of erasures. */
  isErased(userId: string): Promise<boolean>;
  /** Whose order a chain tells of; see `customerOf`. */
  customerOf(orderChain: string): Promise<string | undefined>;
}

/** Asks once for each person and order: what is on the register stays there. */
export function rememberingLookup({ isErased, customerOf }: ErasureLookup): ErasureLookup {
  return { isErased: remembering(isErased), customerOf: remembering(customerOf) };
}

function remembering<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (name) => {
    const answer = answers.get(name) ?? ask(name);
    answers.set(name, answer);
    return answer;
  };
}

/**
 * Which parts of an entry an erasure has taken between these two looks: `taken`, of somebody who is on the register, and
 * `emptied` in the same manner, but of nobody who is.
 * @returns undefined when anything else was changed, too
 */
export async function takenByErasure(
  before: StoredEntry,
  after: StoredEntry,
  lookup: ErasureLookup,
): Promise<{ taken: PersonalPart[]; emptied: PersonalPart[] } | undefined> {
  const changed = erasedBetween(before, after);
  if (!changed) return undefined;
  const taken: PersonalPart[] = [];
  for (const part of personalParts.filter((one) => changed.includes(one))) {
    if (await isOfErased(after, part, lookup)) taken.push(part);
  }
  return { taken, emptied: changed.filter((part) => !taken.includes(part)) };
}

/** The customer is looked up only when it is not the actor who was erased. */
async function isOfErased(entry: StoredEntry, part: PersonalPart, lookup: ErasureLookup): Promise<boolean> {
  for (const person of personsOf(entry, part, undefined)) {
    if (await lookup.isErased(person)) return true;
  }
  if (!isOrderChain(entry.pk)) return false;
  const customer = await lookup.customerOf(entry.pk);
  return customer !== undefined && personsOf(entry, part, customer).includes(customer)
    ? lookup.isErased(customer)
    : false;
}
