import { setTimeout as sleep } from 'node:timers/promises';

export interface PaceEffects {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Calls that may go at once, and then so many a second. */
export interface PaceLimits {
  readonly burst: number;
  readonly perSecond: number;
}

const realTime: PaceEffects = { now: () => performance.now(), sleep };

/**
 * Lets callers through no faster than told, so that a command leaves most of a quota to the shop. Whoever asks while
 * there is none left waits, in the order they came.
 */
export function createPace({ burst, perSecond }: PaceLimits, effects: PaceEffects = realTime) {
  const millisecondsEach = 1000 / perSecond;
  /** When the last call that was let through would have gone at an even pace. */
  let due = effects.now() - burst * millisecondsEach;
  return async (): Promise<void> => {
    const now = effects.now();
    due = Math.max(due + millisecondsEach, now - (burst - 1) * millisecondsEach);
    if (due > now) await effects.sleep(due - now);
  };
}
