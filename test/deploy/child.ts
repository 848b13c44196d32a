import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

export interface ChildOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Takes all that the child prints. */
  readonly logFile: string;
}

export interface RunOptions extends ChildOptions {
  /** The child and its own children are killed when it takes longer. */
  readonly timeoutSeconds: number;
}

/** A command that ended in another way than by exit code 0. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  readonly output: string;

  constructor(command: string, how: string, output: string) {
    super(`${command} ${how}\n${tail(output, 30)}`);
    this.output = output;
  }
}

const running = new Set<ChildProcess>();

/** Starts a child as the leader of a process group, so that what it starts can be ended together with it. */
export function startChild(command: string, args: readonly string[], options: ChildOptions): ChildProcess {
  return startLogged(command, args, options).child;
}

/** @returns the child, and what is over when its log is written down: some time after it has ended */
function startLogged(
  command: string,
  args: readonly string[],
  options: ChildOptions,
): { child: ChildProcess; logged: Promise<unknown> } {
  const log = createWriteStream(options.logFile, { flags: 'a' });
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  child.once('close', () => {
    running.delete(child);
    log.end();
  });
  return { child, logged: once(log, 'close') };
}

/**
 * Runs a command to its end and answers what it printed.
 * @throws CommandFailedError with the last lines of its output
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { child, logged } = startLogged(command, args, options);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    signalGroup(child, 'SIGKILL');
  }, options.timeoutSeconds * 1000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    await logged;
    const name = [command, ...args].join(' ');
    if (timedOut) throw new CommandFailedError(name, `took longer than ${options.timeoutSeconds} s`, output);
    if (code !== 0) throw new CommandFailedError(name, `ended with ${code}`, output);
    return output;
  } finally {
    clearTimeout(timer);
  }
}

/** Asks a child and all that it started to end, and ends them when they do not within five seconds. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    signalGroup(child, 'SIGKILL');
    return;
  }
  const closed = new Promise((resolve) => child.once('exit', resolve));
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), 5000);
  await closed;
  clearTimeout(timer);
  // Whoever is left of the group outlived its leader.
  signalGroup(child, 'SIGKILL');
}

/** Ends every child at once. For exits that cannot wait. */
export function killChildren(): void {
  for (const child of running) signalGroup(child, 'SIGKILL');
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

/** The last lines of a text. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
