import { TransientError } from '../errors.ts';

/** Remembers which effects have been done. */
export interface OnceStore {
  /**
   * Takes the right to do an effect until `until`. `done` when it has been done, `busy` while another has
   * the right.
   */
  claim(key: string, now: Date, until: Date): Promise<'claimed' | 'busy' | 'done'>;
  complete(key: string): Promise<void>;
  /** Gives back the claim that was taken until `until`; a newer one, or what is done, stays. */
  release(key: string, until: Date): Promise<void>;
}

/** A little more than a Lambda of the workflow may run, so that no living attempt loses its claim. */
const claimMilliseconds = 20_000;

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
  const until = new Date(claimedAt.getTime() + claimMilliseconds);
  const claim = await store.claim(key, claimedAt, until);
  if (claim === 'done') return;
  if (claim === 'busy') {
    throw new TransientError(`Another attempt is doing ${key}`);
  }
  try {
    await effect();
  } catch (error) {
    // The next attempt comes sooner than the claim ends, which it does by itself should this fail as well.
    await store.release(key, until).catch(() => undefined);
    throw error;
  }
  await store.complete(key);
}
