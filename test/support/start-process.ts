import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** `npm start` as a process of its own. */
export interface StartedProcess {
  readonly child: ChildProcess;
  /** All that it has printed so far. */
  output(): string;
  /** Base URL, once it is ready; rejects when it exits before. */
  readonly ready: Promise<string>;
  readonly exited: Promise<number | null>;
}

export function startProcess(args: readonly string[] = [], env: Record<string, string> = {}): StartedProcess {
  const child = spawn(process.execPath, ['local/start.ts', ...args], {
    cwd: root,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const url = /^ready (http\S+)$/m.exec(output)?.[1];
      if (url) ready.resolve(url);
    });
  }
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  void exited.then(() => ready.reject(new Error(`It exited before it was ready:\n${output}`)));
  ready.promise.catch(() => undefined);
  return { child, output: () => output, ready: ready.promise, exited };
}
