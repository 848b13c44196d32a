import { type Effects, ulidSource } from '../../shared/effects.ts';

export interface TestEffects extends Effects {
  /** Moves the clock, in milliseconds. */
  advance(milliseconds: number): void;
}

/** A clock that stands until it is moved, and the same ids in every run. */
export function testEffects(start = '2026-03-01T12:00:00.000Z'): TestEffects {
  let now = Date.parse(start);
  const clock = { now: () => new Date(now) };
  const random = () => 0.5;
  return {
    clock,
    random,
    ids: ulidSource(clock, random),
    advance: (milliseconds) => {
      now += milliseconds;
    },
  };
}
