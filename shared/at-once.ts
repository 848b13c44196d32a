/**
 * Works on all of them, so many at once, and answers the results in their order. After a failure no new one is
 * begun, and the first failure is thrown when those under way have ended.
 */
export async function mapAtOnce<T, R>(
  all: readonly T[],
  bound: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = all.entries();
  const worker = async () => {
    for (const [index, one] of queue) {
      try {
        results[index] = await work(one);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(bound, all.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}
