import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type Actor, type AuditEntry, erasedWhere } from './audit-entry.ts';
import { createLinks } from './chain-links.ts';
import {
  contentDigest,
  type Head,
  type PersonalPart,
  partDigest,
  personalParts,
  type Seal,
  type StoredEntry,
} from './seal.ts';

export type Flaw =
  /** A seal was changed, moved, taken out or put in: from here on the chain proves nothing. */
  | 'chain_broken'
  /** Seals are missing at the end, or the head was changed. */
  | 'head_differs'
  | 'entry_changed'
  | 'entry_removed'
  /** No seal: put in past the stream, or not sealed yet. */
  | 'entry_unsealed'
  /** As the former, or erased a moment ago: so young that the sealer may still come to it. */
  | 'entry_pending'
  /** Its personal part is gone, and nobody it could be of was erased. */
  | 'erased_without_erasure'
  /** Erased, but the salt is still there, by which what was erased can be guessed. */
  | 'salt_kept'
  /** Written long after the moment that it tells: by a repetition of a lost step, or put in afterwards. */
  | 'entry_late'
  /** There is an order, product or user, and no entry of its creation. */
  | 'chain_missing'
  /** An order or product mirrors an entry that its trail has not. */
  | 'entry_missing';

export interface ChainFlaw {
  readonly flaw: Flaw;
  readonly entry: string | undefined;
  readonly detail: string;
  /** What was erased, as is proved, and has its salt still. */
  readonly part?: PersonalPart;
}

/** Flaws that need an explanation, but prove nothing by themselves. */
export const notices: ReadonlySet<Flaw> = new Set(['entry_late']);

/**
 * What is known of a person's erasure. `proved`: on the register, and a sealed entry of theirs tells of it; `recent`:
 * the same, but so young that the sealer may not have forgotten every salt; `pending`: on the register, its entry waits
 * for the seal; `unproved`: on the register, and nothing sealed tells of it.
 */
export type Erasure = 'proved' | 'recent' | 'pending' | 'unproved' | 'none';
const bestFirst = ['proved', 'recent', 'pending', 'unproved', 'none'] as const satisfies readonly Erasure[];

/** Of whoever this part of the entry can be of. */
export type ErasureOf = (entry: StoredEntry, part: PersonalPart) => Erasure;

export function bestOf(erasures: readonly Erasure[]): Erasure {
  return bestFirst.find((one) => erasures.includes(one)) ?? 'none';
}

const erasedText = 'erased';
const lateMilliseconds = 15 * 60_000;

/** What is looked at of an entry; that it is one at all says its digest. */
const lookedAtSchema = z.looseObject({
  action: z.string().optional(),
  at: z.iso.datetime().optional(),
  actor: z.looseObject({ id: z.string(), role: z.string().optional() }).optional(),
});

/** What somebody has made unreadable says nothing; that it was changed says its digest. */
const lookAt = (entry: Readonly<Record<string, unknown>>): z.infer<typeof lookedAtSchema> =>
  lookedAtSchema.safeParse(entry).data ?? {};

/** An entry and its seal, one of which may be missing, under the key that they share. */
export interface ChainLink {
  readonly key: string;
  readonly entry?: StoredEntry | undefined;
  readonly seal?: Seal | undefined;
}

/** Looks at a chain link by link, in any order, and keeps nothing of those that are right. */
export interface ChainProof {
  add(link: ChainLink, erasureOf: ErasureOf): void;
  /** @returns all that is wrong; the chain is at its end */
  end(head: Head | undefined): ChainFlaw[];
}

/** Proves that a chain's entries are those that were written, all of them and in their order. */
export function startProof(chain: string): ChainProof {
  const flaws: ChainFlaw[] = [];
  const report = (flaw: Flaw, entry: string | undefined, detail: string) =>
    flaws.push({ flaw, entry, detail });
  const links = createLinks(chain, (entry, detail) => report('chain_broken', entry, detail));
  return {
    add({ key, entry, seal }, erasureOf) {
      if (seal) links.add(seal, key);
      if (seal && entry) flaws.push(...flawsOf(entry, seal, erasureOf));
      else if (seal) report('entry_removed', key, `entry ${seal.position} is gone`);
      else report('entry_unsealed', key, 'the entry has no seal');
    },
    end(head) {
      const difference = links.end(head);
      if (difference !== undefined) report('head_differs', undefined, difference);
      return flaws;
    },
  };
}

export interface Chain {
  readonly chain: string;
  readonly head: Head | undefined;
  readonly seals: readonly Seal[];
  readonly entries: readonly StoredEntry[];
}

/**
 * Proves a chain that is in memory as a whole.
 * @param erased ids of persons whose erasure is proved
 */
export function verifyChain(
  { chain, head, seals, entries }: Chain,
  erased: ReadonlySet<string>,
): ChainFlaw[] {
  const proof = startProof(chain);
  const customer = customerAmong(chain, entries);
  const erasureOf: ErasureOf = (entry, part) =>
    bestOf(personsOf(entry, part, customer).map((id) => (erased.has(id) ? 'proved' : 'none')));
  const bySort = new Map(entries.map((entry) => [entry.sk, entry]));
  const sealed = new Set(seals.map((seal) => seal.entry));
  for (const seal of seals.toSorted((a, b) => a.position - b.position)) {
    proof.add({ key: seal.entry, seal, entry: bySort.get(seal.entry) }, erasureOf);
  }
  for (const entry of entries) {
    if (!sealed.has(entry.sk)) proof.add({ key: entry.sk, entry }, erasureOf);
  }
  return proof.end(head);
}

/** Flaws of an entry that has its seal. */
function flawsOf(entry: StoredEntry, seal: Seal, erasureOf: ErasureOf): ChainFlaw[] {
  const { position, content, writtenAt } = seal;
  const flaw = (name: Flaw, detail: string): ChainFlaw => ({ flaw: name, entry: entry.sk, detail });
  if (contentDigest(entry) !== content) return [flaw('entry_changed', `entry ${position} was changed`)];
  const flaws: ChainFlaw[] = [];
  for (const part of personalParts) {
    const digest = part === 'where' ? seal.whereDigest : seal.reasonDigest;
    const salt = part === 'where' ? seal.whereSalt : seal.reasonSalt;
    // A part whose salt is kept is proved by it; any other can only be what an erasure leaves.
    if (salt !== undefined && partDigest(entry, part, salt) === digest) continue;
    const named = `${part} of entry ${position}`;
    if (!isErasedPart(entry, part)) return [flaw('entry_changed', `${named} was changed`)];
    const erasure = erasureOf(entry, part);
    if (erasure === 'none' || erasure === 'unproved') {
      const why = erasure === 'none' ? 'nobody was erased' : 'no sealed entry tells of the erasure';
      return [flaw('erased_without_erasure', `${named} was emptied; ${why}`)];
    }
    if (erasure === 'pending') {
      flaws.push(flaw('entry_pending', `${named} was erased; what tells of that has no seal yet`));
    } else if (salt !== undefined) {
      const name = erasure === 'recent' ? 'entry_pending' : 'salt_kept';
      flaws.push({ ...flaw(name, `${named} was erased, and its salt is still there`), part });
    }
  }
  const { at = writtenAt } = lookAt(entry);
  const lateness = Date.parse(writtenAt) - Date.parse(at);
  if (lateness > lateMilliseconds) {
    flaws.push(flaw('entry_late', `entry ${position} tells of ${at}, and was written at ${writtenAt}`));
  }
  return flaws;
}

export function isErasedPart(entry: StoredEntry, part: PersonalPart): boolean {
  return part === 'where' ? isDeepStrictEqual(entry.where, erasedWhere) : entry.reason === erasedText;
}

/** Whom the erased parts of these entries can have been of. */
export function personsToAsk(entries: readonly StoredEntry[], customer: string | undefined): Set<string> {
  const ofEntry = (entry: StoredEntry) =>
    personalParts
      .filter((part) => isErasedPart(entry, part))
      .flatMap((part) => personsOf(entry, part, customer));
  return new Set(entries.flatMap(ofEntry));
}

/** The action of the entry that an order's chain begins with; its actor is the customer. */
export const placedAction = 'order.created' satisfies AuditEntry['action'];
export const isOrderChain = (chain: string): boolean => chain.startsWith('ORDER#');

/**
 * Whose order it is, of the entries that tell of its placing. An order is placed once: when several persons are said
 * to have done so, somebody put one in, and nobody is.
 */
export function customerOf(placings: readonly Readonly<Record<string, unknown>>[]): string | undefined {
  const [customer, ...others] = new Set(placings.map((entry) => lookAt(entry).actor?.id));
  return others.length === 0 ? customer : undefined;
}

function customerAmong(chain: string, entries: readonly StoredEntry[]): string | undefined {
  if (!isOrderChain(chain)) return undefined;
  return customerOf(entries.filter((entry) => lookAt(entry).action === placedAction));
}

/** Where somebody acted from is the actor's; why something was done to an order may name its customer. */
export function personsOf(entry: StoredEntry, part: PersonalPart, customer: string | undefined): string[] {
  const { actor } = lookAt(entry);
  const mayBeCustomers = part === 'reason' || actor?.role === ('System' satisfies Actor['role']);
  return [...(actor ? [actor.id] : []), ...(customer !== undefined && mayBeCustomers ? [customer] : [])];
}

/**
 * What of a stored entry an erasure may have taken between these two looks.
 * @returns undefined when something else was changed, too
 */
export function erasedBetween(before: StoredEntry, after: StoredEntry): PersonalPart[] | undefined {
  const { where: _where, reason: _reason, ...contentBefore } = before;
  const { where: _whereAfter, reason: _reasonAfter, ...content } = after;
  const changed = personalParts.filter((part) => !isDeepStrictEqual(before[part], after[part]));
  const isErasure = isDeepStrictEqual(content, contentBefore) && changed.every((p) => isErasedPart(after, p));
  return isErasure ? changed : undefined;
}
