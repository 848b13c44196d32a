import { beforeAll, describe, expect, test } from 'vitest';
import { held, isWhole, type Journey, paid, profile, run } from './journeys.ts';
import { loadStage, type Stage } from './stage.ts';

/** A moment of a journey at which it can be cancelled. */
interface Moment {
  /** The call that waits for the cancellation. */
  readonly before: number;
  /** How many calls there are then. */
  readonly calls: number;
  /** The states that the executions go through then. */
  readonly way: string;
}

let stage: Stage;
const momentsOf = new Map<string, readonly Moment[]>();
beforeAll(async () => {
  stage = await loadStage();
});

const timeout = isWhole ? 60 * 60_000 : 10 * 60_000;

describe('a journey that is cancelled right before any one of its calls', { timeout }, () => {
  test.each([paid, held, profile])('$name: ends Cancelled, and every invariant holds', async (journey) => {
    const { calls } = await run(stage, journey);
    const moments: Moment[] = [];
    const broken: object[] = [];
    for (let before = 0; before < calls; before += 1) {
      const cancelled = await run(stage, journey, { cancellation: { before }, isTraced: true });
      const { violations, endings } = cancelled;
      const isLive = endings.join() === 'Cancelled';
      // The journey itself, as long as there was no order that could be cancelled.
      const isEarly = moments.length === 0 && endings.join() === journey.ends;
      if (violations.length > 0 || !(isLive || isEarly)) broken.push({ before, endings, violations });
      if (isLive) moments.push({ before, calls: cancelled.calls, way: wayOf(cancelled.trace) });
    }
    momentsOf.set(journey.name, moments);
    console.log(
      `${journey.name}: cancelled before ${moments.length} of ${calls} calls; before the others there is no order`,
    );
    expect(broken).toEqual([]);
    const first = moments[0]?.before ?? calls;
    expect(moments).toHaveLength(calls - first);
    // Only up to the transaction that places it there is no order.
    expect(first).toBeLessThan(5);
  });

  test('and whose Lambda dies after any one call from then on: ends Cancelled all the same', async () => {
    const seen = new Set<string>();
    const broken: object[] = [];
    let [cancellations, points] = [0, 0];
    for (const journey of [paid, held, profile]) {
      for (const moment of momentsOf.get(journey.name) ?? []) {
        // Moments that lead through the same states differ in no more than who is a call ahead.
        if (!isWhole && seen.has(moment.way)) continue;
        seen.add(moment.way);
        cancellations += 1;
        const found = await crashesFrom(journey, moment);
        points += found.points;
        broken.push(...found.broken);
      }
    }
    console.log(
      `${cancellations} cancellations, ${seen.size} ways through the states, ${points} crash points`,
    );
    expect(broken).toEqual([]);
  });
});

/** The calls before the cancellation are those of the journey itself, and swept with it. */
async function crashesFrom(journey: Journey, { before, calls }: Moment) {
  const broken: object[] = [];
  let points = 0;
  for (let call = before; call < calls; call += 1) {
    const fault = { call, kind: 'crash_after' as const };
    const found = await run(stage, journey, { fault, cancellation: { before } });
    points += found.faults.crash_after ?? 0;
    if (found.violations.length > 0 || found.endings.join() !== 'Cancelled') {
      const { endings, violations } = found;
      broken.push({ journey: journey.name, before, call, endings, violations });
    }
  }
  expect(points).toBe(calls - before);
  return { broken, points };
}

function wayOf(trace: readonly string[] = []): string {
  return trace.flatMap((line) => / state \S+ (\w+)$/.exec(line)?.[1] ?? []).join(' ');
}
