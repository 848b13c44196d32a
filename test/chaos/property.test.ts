import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Patch } from './code.ts';
import { mutants } from './mutants.ts';
import { runWorld } from './run-world.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenario-arbitrary.ts';
import { loadStage, type Stage } from './stage.ts';

const keepsEveryInvariant = (stage: Stage) =>
  fc.asyncProperty(scenarios({ orders: 5, faults: 6 }), async (scenario) => {
    const { violations } = await runWorld(stage, scenario);
    expect(violations).toEqual([]);
  });

describe('whatever people do and whatever fails', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await loadStage();
  });

  test('every invariant holds', { timeout: 120_000 }, async () => {
    await fc.assert(keepsEveryInvariant(stage), { numRuns: 60, seed: 20_261_122 });
  });
});

describe('a planted bug', () => {
  test('is found, and shrunk to two orders and faults at most', { timeout: 120_000 }, async () => {
    const stage = await loadStage([patchOf('messages without a memory')]);
    const { failed, counterexample } = await fc.check(keepsEveryInvariant(stage), {
      numRuns: 200,
      seed: 1,
      endOnFailure: false,
    });
    expect(failed).toBe(true);
    const [scenario] = counterexample ?? [];
    expect([
      { orders: 1, faults: 1 },
      { orders: 2, faults: 0 },
    ]).toContainEqual(sizeOf(scenario));
  });

  test('that is no longer in the code fails loudly instead of passing', async () => {
    const file = 'shared/workflow/once.ts';
    const gone = loadStage([{ file, find: 'no such text', replace: '' }]);
    await expect(gone).rejects.toThrow('finds its text 0 times');
  });
});

function sizeOf(scenario: Scenario | undefined) {
  return { orders: scenario?.orders.length, faults: scenario?.faults.planned.length };
}

function patchOf(name: string): Patch {
  const found = mutants.find((mutant) => mutant.name === name);
  if (!found) throw new Error(`There is no mutant ${name}`);
  return found.patch;
}
