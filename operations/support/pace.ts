import { setTimeout as sleep } from 'node:timers/promises';

export interface PaceEffects {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

/** Calls, or units of something, that may go at once, and then so many a second. */
export interface PaceLimits {
  readonly burst: number;
  readonly perSecond: number;
}

const realTime: PaceEffects = { now: () => performance.now(), sleep };

/** @param count how many calls, or units, this is; 1 unless told */
export type Pace = (count?: number) => Promise<void>;

/**
 * Lets callers through no faster than told, so that a command leaves most of a quota to the shop. Whoever asks while
 * there is none left waits, in the order they came.
 */
export function createPace({ burst, perSecond }: PaceLimits, effects: PaceEffects = realTime): Pace {
  const millisecondsEach = 1000 / perSecond;
  /** When the last call that was let through would have gone at an even pace. */
  let due = effects.now() - burst * millisecondsEach;
  return async (count = 1) => {
    const now = effects.now();
    due = Math.max(due + count * millisecondsEach, now - (burst - count) * millisecondsEach);
    if (due > now) await effects.sleep(due - now);
  };
}
