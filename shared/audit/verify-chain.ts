import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { type Actor, type AuditEntry, erasedWhere } from './audit-entry.ts';
import {
  contentDigest,
  emptyHead,
  type Head,
  hashOf,
  type PersonalPart,
  partDigest,
  personalParts,
  type Seal,
  type StoredEntry,
} from './seal.ts';

export interface Chain {
  readonly chain: string;
  readonly head: Head | undefined;
  readonly seals: readonly Seal[];
  readonly entries: readonly StoredEntry[];
}

export type Flaw =
  /** A seal was changed, moved, taken out or put in: from here on the chain proves nothing. */
  | 'chain_broken'
  /** Seals are missing at the end, or the head was changed. */
  | 'head_differs'
  | 'entry_changed'
  | 'entry_removed'
  /** No seal: put in past the stream, or not sealed yet. */
  | 'entry_unsealed'
  /** No seal, and so young that the sealer may still come to it. Whoever knows the time tells it from the former. */
  | 'entry_pending'
  /** Its personal part is gone, and nobody it could be of was erased. */
  | 'erased_without_erasure'
  /** Written long after the moment that it tells: by a repetition of a lost step, or put in afterwards. */
  | 'entry_late';

export interface ChainFlaw {
  readonly flaw: Flaw;
  readonly entry: string | undefined;
  readonly detail: string;
}

/** Flaws that need an explanation, but prove nothing by themselves. */
export const notices: ReadonlySet<Flaw> = new Set(['entry_late']);

const erasedText = 'erased';
const lateMilliseconds = 15 * 60_000;

/** What is looked at of an entry; that it is one at all says its digest. */
const lookedAtSchema = z.looseObject({
  action: z.string().optional(),
  at: z.iso.datetime().optional(),
  actor: z.looseObject({ id: z.string(), role: z.string().optional() }).optional(),
});

/** What somebody has made unreadable says nothing; that it was changed says its digest. */
const lookAt = (entry: StoredEntry): z.infer<typeof lookedAtSchema> =>
  lookedAtSchema.safeParse(entry).data ?? {};

/**
 * Proves that a chain's entries are those that were written, all of them and in their order.
 * @param erased ids of persons whose erasure is on record
 */
export function verifyChain(
  { chain, head, seals, entries }: Chain,
  erased: ReadonlySet<string>,
): ChainFlaw[] {
  const flaws: ChainFlaw[] = [];
  const report = (flaw: Flaw, entry: string | undefined, detail: string) =>
    flaws.push({ flaw, entry, detail });
  const bySort = new Map(entries.map((entry) => [entry.sk, entry]));
  const customer = customerOf(chain, entries);
  const isErased = (entry: StoredEntry, part: PersonalPart) =>
    personsOf(entry, part, customer).some((id) => erased.has(id));

  let last = emptyHead(chain);
  for (const seal of seals.toSorted((a, b) => a.position - b.position)) {
    const follows = seal.position === last.count + 1 && seal.previous === last.hash;
    if (seal.chain !== chain || !follows || hashOf(seal) !== seal.hash) {
      report('chain_broken', seal.entry, `seal ${seal.position} does not follow on seal ${last.count}`);
    }
    last = { chain, count: seal.position, hash: seal.hash };
    const entry = bySort.get(seal.entry);
    if (!entry) report('entry_removed', seal.entry, `entry ${seal.position} is gone`);
    else flaws.push(...flawsOf(entry, seal, isErased));
  }
  const end = head ?? emptyHead(chain);
  if (end.chain !== chain || end.count !== last.count || end.hash !== last.hash) {
    report('head_differs', undefined, `the head tells of ${end.count} entries, the seals of ${last.count}`);
  }
  const sealed = new Set(seals.map((seal) => seal.entry));
  for (const { sk } of entries) {
    if (!sealed.has(sk)) report('entry_unsealed', sk, 'the entry has no seal');
  }
  return flaws;
}

/** Flaws of an entry that has its seal. */
function flawsOf(
  entry: StoredEntry,
  seal: Seal,
  isErased: (entry: StoredEntry, part: PersonalPart) => boolean,
): ChainFlaw[] {
  const { position, content, writtenAt } = seal;
  const flaw = (name: Flaw, detail: string): ChainFlaw[] => [{ flaw: name, entry: seal.entry, detail }];
  if (contentDigest(entry) !== content) return flaw('entry_changed', `entry ${position} was changed`);
  for (const part of personalParts) {
    const digest = part === 'where' ? seal.whereDigest : seal.reasonDigest;
    const salt = part === 'where' ? seal.whereSalt : seal.reasonSalt;
    // A part whose salt is kept is proved by it; one whose salt is gone can only be what an erasure leaves.
    if (salt !== undefined && partDigest(entry, part, salt) === digest) continue;
    if (!isErasedPart(entry, part)) return flaw('entry_changed', `${part} of entry ${position} was changed`);
    if (!isErased(entry, part)) {
      return flaw('erased_without_erasure', `${part} of entry ${position} was emptied; nobody was erased`);
    }
  }
  const { at = writtenAt } = lookAt(entry);
  const lateness = Date.parse(writtenAt) - Date.parse(at);
  return lateness > lateMilliseconds
    ? flaw('entry_late', `entry ${position} tells of ${at}, and was written at ${writtenAt}`)
    : [];
}

function isErasedPart(entry: StoredEntry, part: PersonalPart): boolean {
  return part === 'where' ? isDeepStrictEqual(entry.where, erasedWhere) : entry.reason === erasedText;
}

/** Whom the erased parts of these entries can have been of. */
export function personsToAsk(chain: string, entries: readonly StoredEntry[]): Set<string> {
  const customer = customerOf(chain, entries);
  const ofEntry = (entry: StoredEntry) =>
    personalParts
      .filter((part) => isErasedPart(entry, part))
      .flatMap((part) => personsOf(entry, part, customer));
  return new Set(entries.flatMap(ofEntry));
}

/** The customer of an order's chain. Looked up once for a chain, which may be a long one. */
function customerOf(chain: string, entries: readonly StoredEntry[]): string | undefined {
  if (!chain.startsWith('ORDER#')) return undefined;
  const placed = entries.find(
    (entry) => lookAt(entry).action === ('order.created' satisfies AuditEntry['action']),
  );
  return placed && lookAt(placed).actor?.id;
}

/** Where somebody acted from is the actor's; why something was done to an order may name its customer. */
function personsOf(entry: StoredEntry, part: PersonalPart, customer: string | undefined): string[] {
  const { actor } = lookAt(entry);
  const mayBeCustomers = part === 'reason' || actor?.role === ('System' satisfies Actor['role']);
  return [...(actor ? [actor.id] : []), ...(customer !== undefined && mayBeCustomers ? [customer] : [])];
}

/**
 * What of a stored entry an erasure has taken between these two looks.
 * @returns undefined when something else was changed, too
 */
export function erasedBetween(before: StoredEntry, after: StoredEntry): PersonalPart[] | undefined {
  const { where: _where, reason: _reason, ...contentBefore } = before;
  const { where: _whereAfter, reason: _reasonAfter, ...content } = after;
  const changed = personalParts.filter((part) => !isDeepStrictEqual(before[part], after[part]));
  const isErasure = isDeepStrictEqual(content, contentBefore) && changed.every((p) => isErasedPart(after, p));
  return isErasure ? changed : undefined;
}
