import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A question to the analytics events, as docs/analytics.md explains it. */
export interface NamedQuery {
  /** The file's name without its ending. */
  readonly name: string;
  /** First line of the file. */
  readonly description: string;
  /** Its two parameters are the first and the last day, `2026-03-01`. */
  readonly sql: string;
}

const folder = join(import.meta.dirname, 'queries');

/** @throws Error on a file that does not say in its first line what it answers */
export function readNamedQueries(): NamedQuery[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'));
  return files.sort().map((file) => {
    const sql = readFileSync(join(folder, file), 'utf8').trimEnd();
    const description = /^-- (.+)/.exec(sql)?.[1];
    if (!description) throw new Error(`${file} does not say in its first line what it answers`);
    return { name: file.replace(/\.sql$/, ''), description, sql };
  });
}
