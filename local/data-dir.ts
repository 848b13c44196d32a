import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { type JsonFile, jsonFile } from './json-file.ts';

/** The folder that keeps a stack between runs. */
export interface DataDir {
  readonly path: string;
  file<T>(name: string, schema: z.ZodType<T>): JsonFile<T>;
  release(): void;
}

/**
 * Takes the folder for this process, making it if need be.
 * @throws Error when another running stack has it
 */
export function openDataDir(given: string): DataDir {
  const path = resolve(given);
  mkdirSync(path, { recursive: true });
  const lock = join(path, 'pid');
  const holder = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
  if (holder !== process.pid && isRunning(holder)) {
    throw new Error(
      `Process ${holder} already keeps its data in ${path}. Stop it, or give another --data folder.`,
    );
  }
  writeFileSync(lock, String(process.pid));
  return {
    path,
    file: (name, schema) => jsonFile(join(path, name), schema),
    release: () => rmSync(lock, { force: true }),
  };
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
