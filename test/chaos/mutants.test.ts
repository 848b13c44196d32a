import { describe, expect, test } from 'vitest';
import { patched } from './code.ts';
import { hunt } from './hunt.ts';
import { type Mutant, mutants } from './mutants.ts';
import { loadStage } from './stage.ts';

/** They show themselves after many worlds, or days without rest. `npm run simulate:mutants` hunts them too. */
const slow = new Set([
  'a token that is stored and not looked after',
  'a reconciler that releases nothing',
  'a cancellation that is seen and passed by',
]);
const isSlow = ({ name }: Mutant) => slow.has(name);

describe('the proof notices a safeguard that is gone', () => {
  test('and nothing while all of them are there', async () => {
    const stage = await loadStage();
    expect(await hunt(stage, 4)).toBeUndefined();
    expect(await hunt(stage, 2, { down: 'inventory' })).toBeUndefined();
    expect(await hunt(stage, 4, { twice: 'order-workflow' })).toBeUndefined();
  });

  test('and the slow mutants still find the text that they change', () => {
    const found = mutants.filter(isSlow);
    expect(found).toHaveLength(slow.size);
    for (const { patch } of found) expect(patched(patch.file, [patch])).toContain(patch.replace);
  });

  test.each(mutants.filter((mutant) => !isSlow(mutant)))(
    '$name',
    { timeout: 120_000 },
    async ({ patch, weather }) => {
      expect(await hunt(await loadStage([patch]), 60, weather)).toBeDefined();
    },
  );
});
