/**
 * Splits a whole amount by weights into whole parts that add up to it: each gets its share rounded down, and
 * what is left goes to the largest remainders, earlier parts first. Without any weight the first part gets all.
 */
export function spread(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + BigInt(weight), 0n);
  if (sum === 0n) return weights.map((_, index) => (index === 0 ? total : 0));
  const shares = weights.map((weight, index) => {
    const product = BigInt(total) * BigInt(weight);
    return { index, whole: Number(product / sum), remainder: product % sum };
  });
  let left = total - shares.reduce((all, share) => all + share.whole, 0);
  const parts = shares.map((share) => share.whole);
  for (const { index } of [...shares].sort(byRemainder)) {
    if (left === 0) break;
    parts[index] = (parts[index] ?? 0) + 1;
    left -= 1;
  }
  return parts;
}

function byRemainder(a: { index: number; remainder: bigint }, b: { index: number; remainder: bigint }) {
  if (a.remainder === b.remainder) return a.index - b.index;
  return a.remainder > b.remainder ? -1 : 1;
}
