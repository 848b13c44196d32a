import { createHash } from 'node:crypto';
import * as z from 'zod';
import { canonicalJson } from './canonical-json.ts';

/** An entry of the trail as it is stored, under any attributes. `pk` names its chain, `sk` its place in the trail. */
export const storedEntrySchema = z.looseObject({ pk: z.string(), sk: z.string() });
export type StoredEntry = z.infer<typeof storedEntrySchema>;

/**
 * A link of the chain of one entity's entries. Its hash is made of all that stands here, but for the salt and what
 * came later, so whoever changes an entry or a seal, takes one out or puts one in, breaks the chain from there on.
 */
export const sealSchema = z.strictObject({
  /** `pk` of the entries. */
  chain: z.string(),
  /** `sk` of the entry. */
  entry: z.string(),
  /** 1 for the first. */
  position: z.int().min(1),
  /** Hash of the seal before. */
  previous: z.string(),
  /** Digest of the entry without what an erasure may take. */
  content: z.string(),
  /** Digests of what an erasure may take, each with its salt: without the salt it says nothing of a short text. */
  whereDigest: z.string(),
  reasonDigest: z.string(),
  /** When the entry was written, by the clock of the database. */
  writtenAt: z.iso.datetime(),
  /** Sealed from the table by an operator instead of from the stream. */
  adopted: z.literal(true).optional(),
  hash: z.string(),
  /** Each is forgotten once its part was erased, and no sooner: it is what proves the part that stayed. */
  whereSalt: z.string().optional(),
  reasonSalt: z.string().optional(),
});
export type Seal = z.infer<typeof sealSchema>;

/** What an erasure may take of an entry: one of them, or both. */
export const personalParts = ['where', 'reason'] as const;
export type PersonalPart = (typeof personalParts)[number];

/** The last seal of a chain and how many there are: without it, the last could be taken off unseen. */
export const headSchema = z.strictObject({ chain: z.string(), count: z.int(), hash: z.string() });
export type Head = z.infer<typeof headSchema>;

/** What stands before the first seal. */
export const emptyHead = (chain: string): Head => ({ chain, count: 0, hash: '0'.repeat(64) });

export interface WrittenEntry {
  readonly entry: StoredEntry;
  /** ISO 8601. */
  readonly writtenAt: string;
  readonly adopted?: true;
}

/** The seal that follows on the head. @param salt makes 32 random bytes in hex, new ones each time */
export function nextSeal({ entry, writtenAt, adopted }: WrittenEntry, head: Head, salt: () => string): Seal {
  const whereSalt = salt();
  const reasonSalt = salt();
  const body = {
    chain: head.chain,
    entry: entry.sk,
    position: head.count + 1,
    previous: head.hash,
    content: contentDigest(entry),
    whereDigest: partDigest(entry, 'where', whereSalt),
    reasonDigest: partDigest(entry, 'reason', reasonSalt),
    writtenAt,
    ...(adopted ? { adopted } : {}),
  };
  return { ...body, hash: hashOf(body), whereSalt, reasonSalt };
}

export function headOf({ chain, position, hash }: Seal): Head {
  return { chain, count: position, hash };
}

export function hashOf(seal: Partial<Seal>): string {
  const { hash: _hash, whereSalt: _where, reasonSalt: _reason, ...body } = seal;
  return sha256(canonicalJson(body));
}

/** Of all but `where` and `reason`, which an erasure overwrites; everything else never changes. */
export function contentDigest(entry: StoredEntry): string {
  const { where: _where, reason: _reason, ...content } = entry;
  return sha256(canonicalJson(content));
}

/** Of a part that an erasure may take; that it is not there is a value as well. */
export function partDigest(entry: StoredEntry, part: PersonalPart, salt: string): string {
  return sha256(salt + canonicalJson({ [part]: entry[part] }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
