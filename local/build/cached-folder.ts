import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const keptEntries = 6;
const untouchedMs = 60 * 60 * 1000;

/**
 * Answers the folder `<cache>/<name>`, filled by `fill` when it does not exist yet. Filled under another name and
 * then renamed, so that processes which start at once neither wait for each other nor see half a folder.
 */
export async function cachedFolder(
  cache: string,
  name: string,
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  const draft = join(cache, `draft-${process.pid}-${crypto.randomUUID()}`);
  await mkdir(draft, { recursive: true });
  try {
    await fill(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another process was first: its folder has the same contents.
    if (!existsSync(folder)) throw error;
  }
  await prune(cache, name);
  return folder;
}

/**
 * Removes old entries of a kind (what stands before the dash of a name), and drafts that a killed process left.
 * Whatever is younger than an hour stays: a running stack may still load from it.
 */
async function prune(cache: string, name: string): Promise<void> {
  const kind = name.slice(0, name.indexOf('-') + 1);
  const entries = await Promise.all(
    (await readdir(cache)).map(async (entry) => {
      const found = await stat(join(cache, entry)).catch(() => undefined);
      return { entry, at: found?.mtimeMs ?? 0 };
    }),
  );
  const isOld = ({ at }: { at: number }): boolean => Date.now() - at > untouchedMs;
  const drafts = entries.filter(({ entry }) => entry.startsWith('draft-'));
  const sameKind = entries.filter(({ entry }) => entry.startsWith(kind)).sort((a, b) => b.at - a.at);
  for (const { entry } of [...drafts, ...sameKind.slice(keptEntries)].filter(isOld)) {
    await rm(join(cache, entry), { recursive: true, force: true });
  }
}
