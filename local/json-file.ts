import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/** A JSON document on disk, checked when read and replaced as a whole when written. */
export interface JsonFile<T> {
  /** Nothing when there is no file yet. Throws when it does not fit the schema. */
  read(): T | undefined;
  write(value: T): void;
}

export function jsonFile<T>(path: string, schema: z.ZodType<T>): JsonFile<T> {
  return {
    read: () => (existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, 'utf8'))) : undefined),
    write(value) {
      mkdirSync(dirname(path), { recursive: true });
      const draft = `${path}.new`;
      writeFileSync(draft, JSON.stringify(value), { mode: 0o600 });
      renameSync(draft, path);
    },
  };
}
