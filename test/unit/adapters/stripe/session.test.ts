import { describe, expect, test } from 'vitest';
import { callTimeouts, createStripe, stepBudgets } from '../../../../shared/adapters/stripe/client.ts';
import { openSession } from '../../../../shared/adapters/stripe/session.ts';

/** A session whose calls each take as long as they may. */
async function slowSession(milliseconds: number) {
  let time = 0;
  const effects = { clock: { now: () => new Date(time) }, random: () => 0.5 };
  const session = await openSession(async () => createStripe('sk_test'), milliseconds, effects);
  const call = (longest: number) =>
    session.call(
      'do',
      async ({ timeout }) => {
        time += timeout;
        return timeout;
      },
      longest,
    );
  return { call, spent: () => time };
}

describe('the calls of one step', () => {
  test('have each its own bound, and all together the step’s', async () => {
    const { call } = await slowSession(5_000);
    expect(await call(2_500)).toBe(2_500);
    expect(await call(1_500)).toBe(1_500);
    expect(await call(2_500)).toBe(1_000);
  });

  test('end as what may pass when the time is used up', async () => {
    const { call, spent } = await slowSession(2_600);
    await call(2_500);
    await expect(call(2_500)).rejects.toMatchObject({ name: 'TransientError' });
    expect(spent()).toBe(2_500);
  });
});

// The Lambda has 15 seconds; the rest is for DynamoDB, the secret and the start.
test.each([
  ['an attempt', [stepBudgets.customer, stepBudgets.authorize]],
  ['a capture', [stepBudgets.capture]],
  ['an undo', [stepBudgets.void, stepBudgets.refund]],
])('%s leaves two seconds of the Lambda to others', (_, steps) => {
  expect(steps.reduce((total, step) => total + step, 0)).toBeLessThanOrEqual(13_000);
});

test('the longest call fits into every step that makes it', () => {
  for (const step of ['authorize', 'capture', 'refund'] as const) {
    expect(stepBudgets[step]).toBeGreaterThan(callTimeouts.confirm);
  }
});
