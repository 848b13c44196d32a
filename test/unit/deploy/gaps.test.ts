import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveOuts } from '../../../lib/emulator-leave-outs.ts';
import { gaps } from '../../deploy/gaps.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs/deploy-check.md'), 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

describe('what the emulator lacks', () => {
  it.each(gaps)('$name: is looked at by tests that exist', ({ coveredBy }) => {
    expect(coveredBy.length).toBeGreaterThan(0);
    for (const file of coveredBy) expect(existsSync(join(root, file)), file).toBe(true);
  });

  it('stands on the page with the same tests, and nothing else does', () => {
    const documented = rows.filter((row) => row.includes('.test.ts'));
    expect(documented).toHaveLength(gaps.length);
    for (const { type, when, coveredBy } of leaveOuts) {
      const start = `| \`${type}\`${when ? ` ${when.words}` : ''} |`;
      expectRow(start, coveredBy);
    }
    for (const { name, coveredBy } of gaps.slice(leaveOuts.length)) expectRow(`| ${name} |`, coveredBy);
  });

  it('is put right in as many places as the page tells', () => {
    const [, section = ''] = page.split('## Where it is corrected');
    const script = readFileSync(join(root, 'test/deploy/emulator.py'), 'utf8');
    const told = section.split('\n').filter((line) => line.startsWith('| ')).length - 1;
    expect([...script.matchAll(/^def correct_/gm)]).toHaveLength(told);
  });
});

function expectRow(start: string, coveredBy: readonly string[]): void {
  const row = rows.find((line) => line.startsWith(start)) ?? '';
  expect(row, start).not.toBe('');
  expect(row.slice(row.lastIndexOf('| ', row.length - 3))).toBe(
    `| ${coveredBy.map((file) => `\`${file}\``).join(', ')} |`,
  );
}
