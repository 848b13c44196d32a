import { UsageError } from './arguments.ts';

/** Where a command writes; tests collect the lines. */
export interface Terminal {
  line(text: string): void;
  /** Shown while something lasts, and gone afterwards; nowhere when nobody watches. */
  progress(text: string): void;
}

export const terminal: Terminal = {
  line(text) {
    clear();
    process.stdout.write(`${text}\n`);
  },
  progress(text) {
    if (!process.stderr.isTTY) return;
    clear();
    process.stderr.write(text);
  },
};

function clear(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[2K');
}

/**
 * Runs a command when its file is the one that Node was started with. Its number is the exit code: 0 all is well,
 * 1 something was found; 2 a wrong call, or a fault that let it not find out.
 */
export async function runCommand(
  isMain: boolean,
  usage: string,
  run: (args: readonly string[]) => Promise<number>,
): Promise<void> {
  if (!isMain) return;
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await run(args);
  } catch (error) {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exitCode = 2;
  }
}
