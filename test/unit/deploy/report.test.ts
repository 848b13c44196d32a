import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { Report } from '../../deploy/report.ts';

let now: number;
let lines: string[];
let report: Report;

beforeEach(() => {
  now = 0;
  lines = [];
  report = new Report(
    (line) => lines.push(stripVTControlCharacters(line)),
    () => now,
  );
});

const takes = (milliseconds: number) => async () => {
  now += milliseconds;
};
const fails = (message: string) => async () => {
  throw new Error(message);
};

describe('the report of a deployment', () => {
  it('prints each step and each check with its time', async () => {
    await report.step('cdk synth', takes(5300));
    await report.check('an order is paid', takes(1200));
    expect(lines).toEqual(['▸ cdk synth (5.3 s)', '  ✓ an order is paid (1.2 s)']);
  });

  it('goes on after a check that fails, and not after a step that does', async () => {
    await report.check('an order is paid', fails('it is Failed'));
    expect(lines).toEqual(['  ✗ an order is paid (0.0 s)', '      it is Failed']);
    await expect(report.step('cdk deploy', fails('refused'))).rejects.toThrow('refused');
    expect(lines.at(-1)).toBe('▸ cdk deploy failed (0.0 s)');
  });

  it('counts what was not run apart from what passed, and names it', async () => {
    await report.check('one', takes(1));
    await report.check('two', fails('expected this\nand that'));
    report.notRun('throttles', 'test/infra/api.test.ts');
    expect(report.counts()).toEqual({ passed: 1, failed: 1, notRun: 1 });
    lines = [];
    report.summary();
    expect(lines).toEqual([
      '\nNOT RUN here, and where it is checked',
      '  - throttles: test/infra/api.test.ts',
      '\nFAILED',
      '  - two: expected this',
      '\n1 passed, 1 failed, 1 not run (0.0 s)',
    ]);
  });
});
