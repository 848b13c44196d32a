import { monotonicFactory } from 'ulid';

/** The world's time. Tests and the simulation put a virtual clock here. */
export interface Clock {
  now(): Date;
}

/** Numbers in [0, 1), as Math.random gives them. */
export type Random = () => number;

/** Makes ids that sort by the time they were made. */
export interface IdSource {
  /** @param at the time that the id tells; the clock's when left out */
  next(at?: Date): string;
}

/** Everything nondeterministic that a rule may ask for. Passed in, never imported. */
export interface Effects {
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
}

export const systemClock: Clock = { now: () => new Date() };

/** ULIDs from the given clock and randomness: 48 bits of time, 80 of chance, rising within a millisecond. */
export function ulidSource(clock: Clock, random: Random): IdSource {
  const next = monotonicFactory(random);
  return { next: (at = clock.now()) => next(at.getTime()) };
}

const systemRandom: Random = () => {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1));
  return word / 2 ** 32;
};

export function systemEffects(): Effects {
  return { clock: systemClock, random: systemRandom, ids: ulidSource(systemClock, systemRandom) };
}
