import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { stripeApiVersion } from '../../../shared/adapters/stripe/client.ts';
import { usedEventTypes } from '../../../shared/adapters/stripe/webhook-events.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs/payments.md'), 'utf8');
const tests = readFileSync(join(import.meta.dirname, 'ambiguous-payment.test.ts'), 'utf8');

const steps = ['authorize', 'capture', 'void', 'refund'];
const fates = [
  'refused',
  'charged and answered',
  'charged and answer lost',
  'answered twice',
  'late decline',
  'late success',
];

/** The names of the tests that a describe block has. */
function testsOf(step: string): string[] {
  const [, block = ''] = tests.split(`describe('${step}', () => {`);
  const [body = ''] = block.split(/^}\);$/m);
  return [...body.matchAll(/^ {2}test\('([^']+)'/gm)].map(([, name = '']) => name);
}

describe('docs/payments.md', () => {
  const cells = page
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, step = '']) => steps.includes(step))
    .map(([, step = '', fate = '', , name = '']) => ({ step, fate, name: name.replaceAll('`', '') }))
    .filter(({ fate }) => fates.includes(fate));

  test('has a line for each step and each thing that may become of it', () => {
    const expected = steps.flatMap((step) => fates.map((fate) => `${step}, ${fate}`));
    expect(cells.map(({ step, fate }) => `${step}, ${fate}`)).toEqual(expected);
  });

  test.each(steps)('names the tests of %s, every one of them and no other', (step) => {
    const named = cells.filter((cell) => cell.step === step).map(({ name }) => name);
    expect(named).toHaveLength(fates.length);
    expect(named).toEqual(testsOf(step));
  });

  test('lists the events that are used', () => {
    for (const type of usedEventTypes) expect(page).toContain(`\`${type}\``);
  });

  test('leaves the API version to the code', () => {
    expect(page).not.toContain(stripeApiVersion);
  });
});
