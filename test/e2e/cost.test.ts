import { expect, test } from 'vitest';
import { measureCheckouts } from '../../operations/cost/measure.ts';
import { committedBudget, newestPrices, overBudget } from '../../operations/cost.ts';

test('a paid and a declined checkout cost no more than the committed budget', async () => {
  const measured = await measureCheckouts(() => undefined);
  expect(measured.paid.usage.stateTransition).toBeGreaterThan(5);
  expect(measured.paid.usage.kinesisKilobyte).toBeGreaterThan(0);
  // A rise on purpose: npm run cost -- --accept.
  expect(overBudget(measured, committedBudget(), newestPrices())).toEqual([]);
  // It waits for streams and queues to come to rest after each checkout.
}, 120_000);
