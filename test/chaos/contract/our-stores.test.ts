import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { startDynamo } from '../../support/dynamo.ts';

/**
 * Every unit test that needs a DynamoDB engine, which is those of our stores and of what is built on them, once more
 * against the store of this process: the same bodies, to the letter. New ones join by themselves.
 */
vi.mock('../../support/dynamo.ts', async (original) => {
  const support = await original<typeof import('../../support/dynamo.ts')>();
  const { startMemoryDynamo } = await import('./memory-engine.ts');
  return { ...support, startDynamo: startMemoryDynamo };
});

const folder = join(import.meta.dirname, '../../unit');
const needsEngine = /support\/(dynamo|catalogue-fixture|shop)\.ts/;
const suites = globSync(join(folder, '**/*.test.ts')).filter((path) =>
  needsEngine.test(readFileSync(path, 'utf8')),
);

for (const path of suites.sort()) {
  describe(relative(folder, path), async () => {
    await import(path);
  });
}

test('those are the tests of all our stores, and no engine is asked', async () => {
  expect(suites.length).toBeGreaterThan(14);
  const dynamo = await startDynamo('orders');
  expect(dynamo.table('orders')).toBe('orders');
});
