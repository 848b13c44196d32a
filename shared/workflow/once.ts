import { TransientError } from '../errors.ts';

/** Remembers which effects have been done. */
export interface OnceStore {
  /**
   * Takes the right to do an effect until `until`. `done` when it has been done, `busy` while another has
   * the right.
   */
  claim(key: string, now: Date, until: Date): Promise<'claimed' | 'busy' | 'done'>;
  complete(key: string): Promise<void>;
  /** Gives a claim back; what is done stays done. */
  release(key: string): Promise<void>;
}

const claimMilliseconds = 30_000;

/**
 * Does an effect that has no key of its own at most once at a time and, short of a crash between effect and
 * mark, once in all. A claim ends by itself, so a crashed attempt holds nobody up for long.
 * @throws TransientError while another attempt is at it
 */
export async function once(
  store: OnceStore,
  key: string,
  now: () => Date,
  effect: () => Promise<void>,
): Promise<void> {
  const claimedAt = now();
  const claim = await store.claim(key, claimedAt, new Date(claimedAt.getTime() + claimMilliseconds));
  if (claim === 'done') return;
  if (claim === 'busy') {
    throw new TransientError(`Another attempt is doing ${key}`);
  }
  try {
    await effect();
  } catch (error) {
    // The next attempt comes sooner than the claim ends, which it does by itself should this fail as well.
    await store.release(key).catch(() => undefined);
    throw error;
  }
  await store.complete(key);
}
