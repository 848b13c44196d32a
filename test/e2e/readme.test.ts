import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalStack, startLocalStack } from '../support/local-stack.ts';

const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

interface Step {
  readonly commands: string;
  /** What the README says that the commands print; empty where it says nothing. */
  readonly printed: string;
}

let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
});
afterAll(() => stack?.stop());

test('the walk-through of the README prints what the README says', async () => {
  const steps = walkThrough();
  expect(steps.length).toBeGreaterThanOrEqual(7);
  // One shell for all blocks, as a reader would have; the mark tells their outputs apart.
  const mark = '--- next block';
  const script = steps.map(({ commands }) => `${commands}echo '${mark}'\n`).join('');
  const { output, errors } = await bash(script.replaceAll('http://localhost:3000', stack.url));
  const outputs = output.split(`${mark}\n`);
  expect(errors).toBe('');
  for (const [index, { commands, printed }] of steps.entries()) {
    expect(outputs[index], commands).toBe(printed);
  }
});

/** The bash blocks of the section, each with the text block that may follow it. */
function walkThrough(): Step[] {
  const [, section = ''] = /^## Walk-through$(.*?)^## /ms.exec(readme) ?? [];
  const blocks = section.matchAll(/^```bash\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms);
  return [...blocks].map(([, commands = '', printed = '']) => ({ commands, printed }));
}

async function bash(script: string): Promise<{ output: string; errors: string }> {
  const path = `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`;
  // Whatever the settings around the test, `node -p` prints no colors and curl asks no proxy.
  const { NO_COLOR: _, ...inherited } = process.env;
  const env = { ...inherited, PATH: path, FORCE_COLOR: '0', NO_PROXY: 'localhost,127.0.0.1' };
  const shell = spawn('bash', ['-s'], { env, timeout: 45_000 });
  let output = '';
  let errors = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  shell.stdin.end(script);
  await new Promise((resolve) => shell.on('close', resolve));
  return { output, errors };
}
