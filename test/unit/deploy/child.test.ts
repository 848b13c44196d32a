import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run, startChild, stopChild, tail } from '../../deploy/child.ts';

const folder = mkdtempSync(join(tmpdir(), 'storefront-'));
const options = { cwd: folder, env: { PATH: process.env.PATH ?? '' }, logFile: join(folder, 'child.log') };
const script = (code: string) => ['-e', code];

describe('a command', () => {
  it('answers what it printed, and its log has it too', async () => {
    const code = 'console.log("to one"); console.error("to the other")';
    const output = await run(process.execPath, script(code), { ...options, timeoutSeconds: 20 });
    expect(output).toContain('to one');
    expect(output).toContain('to the other');
    expect(readFileSync(options.logFile, 'utf8')).toContain('to one');
  });

  it('fails with the end of its output', async () => {
    const code = 'console.log("last words"); process.exitCode = 3';
    await expect(run(process.execPath, script(code), { ...options, timeoutSeconds: 20 })).rejects.toThrow(
      /ended with 3\nlast words/,
    );
    await expect(run('no-such-command', [], { ...options, timeoutSeconds: 20 })).rejects.toThrow('ENOENT');
  });

  it('is ended when it takes too long', async () => {
    const code = 'setInterval(() => {}, 1000)';
    await expect(run(process.execPath, script(code), { ...options, timeoutSeconds: 0.2 })).rejects.toThrow(
      'took longer than 0.2 s',
    );
  });

  it('is stopped together with what it started', async () => {
    const pidFile = join(folder, 'grandchild.pid');
    const sleeper =
      'require("fs").writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)';
    const code = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(sleeper)}, ${JSON.stringify(pidFile)}]); setInterval(() => {}, 1000)`;
    const child = startChild(process.execPath, script(code), options);
    await expect
      .poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8'), { timeout: 9000 })
      .toMatch(/^\d+$/);
    await stopChild(child);
    const grandchild = Number(readFileSync(pidFile, 'utf8'));
    await expect.poll(() => isRunning(grandchild)).toBe(false);
  });
});

describe('the tail of a text', () => {
  it('is its last lines', () => {
    expect(tail('one\ntwo\nthree\n\n', 2)).toBe('two\nthree');
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended waits as a zombie until somebody asks for its end.
    return !/^\d+ \(.*\) Z/.test(existsSync('/proc') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '');
  } catch {
    return false;
  }
}
