import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailedError, run, tail } from './child.ts';
import { NotRunError } from './prerequisites.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');

/** The version that is pinned in requirements.txt. */
export function pinnedVersion(text: string): string {
  const version = /^ministack==(\S+)/m.exec(text)?.[1];
  if (!version) throw new Error('requirements.txt pins no ministack');
  return version;
}

export interface Installation {
  /** The Python that has the emulator. */
  readonly python: string;
  readonly version: string;
  readonly fresh: boolean;
}

/**
 * The pinned emulator in a virtual environment below `folder`, installed unless it is there already. Every file is
 * checked against the hashes of requirements.txt.
 * @throws NotRunError when the package cannot be had
 */
export async function installEmulator(
  python: string,
  folder: string,
  logFile: string,
): Promise<Installation> {
  const text = await readFile(requirements, 'utf8');
  const version = pinnedVersion(text);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const home = join(folder, `ministack-${version}-${hash}`);
  const installed = join(home, 'bin', 'python');
  const done = join(home, 'installed');
  if (existsSync(done)) return { python: installed, version, fresh: false };
  // Virtual environments have their own path written into them, so it is made where it stays.
  await rm(home, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const options = { cwd: folder, env: ownEnvironment(), logFile };
  try {
    await run(python, ['-m', 'venv', home], { ...options, timeoutSeconds: 60 });
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--prefer-binary'];
    await run(installed, [...pip, '--require-hashes', '-r', requirements], {
      ...options,
      timeoutSeconds: 180,
    });
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    // Other files than those that were pinned are no reason to go on without a check.
    if (!(error instanceof CommandFailedError) || /DO NOT MATCH THE HASHES/.test(error.output)) throw error;
    throw new NotRunError(`ministack ${version} could not be installed:\n${tail(error.output, 5)}`);
  }
  await writeFile(`${done}.draft`, version);
  await rename(`${done}.draft`, done);
  return { python: installed, version, fresh: true };
}

/** pip reads where packages come from out of its environment and configuration. */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
