import { createHash } from 'node:crypto';

/** 32 MB, however many rows there are. Of a million rows that do not agree, a fifth of all others are suspected too. */
const buckets = 2 ** 22;

/**
 * Tells which of very many rows do not come to nothing when everything that is added to and taken from them has been
 * seen, in whatever order. It keeps no rows: each number is multiplied by what is random for its row and place, and
 * counted in the row's bucket. So a row whose numbers come to nothing leaves nothing there, and any other something.
 */
export class RowChecksums {
  readonly #sums = new BigUint64Array(buckets);

  /** @param numbers of the row, always as many and in the same order, six at most; integers */
  add(name: string, numbers: readonly number[]): void {
    const { digest, bucket } = placeOf(name);
    let sum = this.#sums[bucket] ?? 0n;
    for (const [index, number] of numbers.entries()) {
      // The array keeps the lowest 64 bits of whatever is put there.
      sum += BigInt(number) * (digest.readBigUInt64LE(8 + 8 * index) | 1n);
    }
    this.#sums[bucket] = sum;
  }

  /**
   * Takes all for balanced that goes beyond so many buckets, so that what is left can be looked at row by row.
   * @returns how many buckets these are
   */
  forgetBeyond(most: number): number {
    let unbalanced = 0;
    for (const [bucket, sum] of this.#sums.entries()) {
      if (sum === 0n) continue;
      unbalanced += 1;
      if (unbalanced > most) this.#sums[bucket] = 0n;
    }
    return Math.max(0, unbalanced - most);
  }

  /** False of a row that does not come to nothing, and of the few others in its bucket. */
  isBalanced(name: string): boolean {
    return this.#sums[placeOf(name).bucket] === 0n;
  }

  get areAllBalanced(): boolean {
    return this.#sums.every((sum) => sum === 0n);
  }
}

/** The row's bucket, and a digest whose bytes from the eighth on are random for the row. */
function placeOf(name: string): { readonly bucket: number; readonly digest: Buffer } {
  const digest = createHash('sha512').update(name).digest();
  return { bucket: digest.readUInt32LE(0) % buckets, digest };
}
