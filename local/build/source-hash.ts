import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Hash of the contents of all files below the given folders (and of the given files), relative to the root. */
export async function sourceHash(root: string, parts: readonly string[]): Promise<string> {
  const patterns = parts.map((part) => (part.includes('.') ? part : `${part}/**/*.{ts,json}`));
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: root })) files.push(file);
  files.sort();
  const contents = await Promise.all(files.map((file) => readFile(join(root, file))));
  const hash = createHash('sha256').update(process.version);
  for (const [index, file] of files.entries()) {
    hash.update(`\0${file}\0`).update(contents[index] ?? '');
  }
  return hash.digest('hex').slice(0, 24);
}
