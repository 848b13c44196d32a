import { beforeAll, describe, expect, test } from 'vitest';
import { runWorld } from './run-world.ts';
import { loadStage, type Stage } from './stage.ts';
import { runNumbered, scenarioOf, sumUp } from './worlds.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await loadStage();
});

/** Found by a run of the whole suite: a run of another seed is `npm run simulate`. */
const seed = 20_261_122;

describe('two thousand orders in small worlds with every kind of fault', () => {
  test('keep every invariant', { timeout: 180_000 }, async () => {
    const results: Awaited<ReturnType<typeof runNumbered>>[] = [];
    for (let world = 0; sumUp(results).placed < 2_000; world += 1) {
      results.push(await runNumbered(stage, seed, world));
    }
    const broken = results.filter(({ violations }) => violations.length > 0);
    expect(broken.map(({ world, violations }) => ({ world, violations }))).toEqual([]);
    const { statuses, faults } = sumUp(results);
    // No test of calm weather: every status and every fault came about.
    expect([...statuses.keys()].sort()).toEqual(
      ['Cancelled', 'Delivered', 'Failed', 'Paid', 'Refunded', 'Shipped'].sort(),
    );
    expect(faults.size).toBeGreaterThanOrEqual(12);
  });
});

describe('a world', () => {
  test('is the same whenever it is run again, whatever ran before it', async () => {
    const first = await runWorld(stage, scenarioOf(seed, 3));
    await runWorld(stage, scenarioOf(seed, 4));
    const again = await runWorld(stage, scenarioOf(seed, 3));
    expect(again).toEqual(first);
  });

  test('is another one under another seed', async () => {
    const one = await runWorld(stage, { ...scenarioOf(seed, 3), seed: 1 });
    const other = await runWorld(stage, { ...scenarioOf(seed, 3), seed: 2 });
    expect(other.hash).not.toBe(one.hash);
  });

  test('leaves the clock and the chance of the process alone', async () => {
    const own = [Date, Math.random, setTimeout, globalThis.fetch, crypto.randomUUID];
    await runWorld(stage, scenarioOf(seed, 5));
    expect([Date, Math.random, setTimeout, globalThis.fetch, crypto.randomUUID]).toEqual(own);
  });
});
