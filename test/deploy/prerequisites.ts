import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Why nothing could be deployed on this machine: the run then counts as not run, never as passed. */
export class NotRunError extends Error {
  override readonly name = 'NotRunError';
}

/** The emulator's own lower bound. */
const oldestPython = [3, 10] as const;

const candidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

export interface PythonVersion {
  readonly major: number;
  readonly minor: number;
}

/** `Python 3.11.7` or `3.13.0rc1` as numbers; undefined for what is no version. */
export function parsePythonVersion(text: string): PythonVersion | undefined {
  const match = /(\d+)\.(\d+)(?:\.\d+)?/.exec(text);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

export function isPythonRecentEnough({ major, minor }: PythonVersion): boolean {
  return major === oldestPython[0] && minor >= oldestPython[1];
}

/** Answers what a program prints, or undefined when there is none or it fails. */
export type Probe = (command: string, args: readonly string[]) => Promise<string | undefined>;

const execute = promisify(execFile);
const probeProgram: Probe = async (command, args) => {
  try {
    const { stdout, stderr } = await execute(command, [...args], { timeout: 20_000 });
    return stdout + stderr;
  } catch {
    return undefined;
  }
};

/**
 * The first Python on the PATH that is recent enough and can make virtual environments.
 * @throws NotRunError telling what is missing
 */
export async function findPython(probe: Probe = probeProgram): Promise<string> {
  const tooOld: string[] = [];
  const withoutVenv: string[] = [];
  for (const command of candidates) {
    const printed = await probe(command, ['--version']);
    const version = printed === undefined ? undefined : parsePythonVersion(printed);
    if (!version) continue;
    if (!isPythonRecentEnough(version)) tooOld.push(`${command} is ${version.major}.${version.minor}`);
    else if ((await probe(command, ['-c', 'import venv, ensurepip'])) === undefined)
      withoutVenv.push(command);
    else return command;
  }
  if (withoutVenv.length > 0)
    throw new NotRunError(`${withoutVenv.join(', ')} cannot make virtual environments (no venv module)`);
  const needed = `Python ${oldestPython.join('.')} or newer`;
  throw new NotRunError(
    tooOld.length > 0 ? `${needed} is needed: ${tooOld.join(', ')}` : `${needed} is not on the PATH`,
  );
}

/** @throws NotRunError when there is no `openssl`, by which the emulator makes its certificate */
export async function requireOpenSsl(probe: Probe = probeProgram): Promise<void> {
  if ((await probe('openssl', ['version'])) === undefined)
    throw new NotRunError('openssl is not on the PATH; the emulator makes its certificate with it');
}
