import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const sources = join(root, 'lambdas');

/** Where the deployable folders are: one per Lambda, named like its folder in `lambdas/`. */
export const bundlesFolder = join(root, 'dist', 'lambdas');

/** CDK context that names another folder, for whoever bundles and synthesizes apart from `dist/`. */
export const bundlesFolderContext = 'storefront:bundlesFolder';

/** Size of one Lambda's code in bytes, as deployed and as the gzip of it. */
export interface BundleSize {
  readonly name: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

// aws-xray-sdk-core, which the tracer loads, is CommonJS and calls require() for Node's own modules.
const requireForCommonJs =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

async function lambdaNames(): Promise<string[]> {
  const entries = await readdir(sources, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(sources, entry.name, 'handler.ts')))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Bundles every `lambdas/<name>/handler.ts` to `<folder>/<name>/handler.mjs` and answers their sizes.
 * Source maps go to `maps/` beside the folder, so that stack traces can be read without paying for maps at every cold start.
 */
export async function measureBundles(folder = bundlesFolder): Promise<BundleSize[]> {
  const mapsFolder = join(folder, '..', 'maps');
  const names = await lambdaNames();
  const result = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      names.map((name) => [`${name}/handler`, join(sources, name, 'handler.ts')]),
    ),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    treeShaking: true,
    legalComments: 'none',
    sourcemap: 'external',
    banner: { js: requireForCommonJs },
    write: false,
    logLevel: 'error',
  });
  await removeStaleBundles(names, [folder, mapsFolder]);
  const sizes: BundleSize[] = [];
  for (const file of result.outputFiles) {
    const isMap = file.path.endsWith('.map');
    const target = isMap ? join(mapsFolder, relative(folder, file.path)) : file.path;
    await mkdir(dirname(target), { recursive: true });
    await replaceFile(target, file.contents);
    if (!isMap) {
      const name = basename(dirname(file.path));
      sizes.push({ name, bytes: file.contents.length, gzipBytes: gzipSync(file.contents).length });
    }
  }
  return sizes;
}

/** Writes in one step, and not at all what is there already: others may be loading it. */
async function replaceFile(target: string, contents: Uint8Array): Promise<void> {
  const present = existsSync(target) ? await readFile(target) : undefined;
  if (present?.equals(contents)) return;
  const draft = `${target}.${process.pid}`;
  await writeFile(draft, contents);
  await rename(draft, target);
}

/** Bundles every Lambda. One esbuild run, well under two seconds. */
export async function bundleLambdas(folder = bundlesFolder): Promise<void> {
  await measureBundles(folder);
}

/** A renamed Lambda must not leave its old code behind to be deployed by mistake. */
async function removeStaleBundles(names: readonly string[], folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const entry of await readdir(folder)) {
      if (!names.includes(entry)) await rm(join(folder, entry), { recursive: true });
    }
  }
}

if (import.meta.main) {
  const started = performance.now();
  const sizes = await measureBundles();
  for (const { name, bytes, gzipBytes } of sizes) {
    console.log(
      `${name.padEnd(16)} ${(bytes / 1024).toFixed(0).padStart(6)} KB ${(gzipBytes / 1024).toFixed(0).padStart(6)} KB gzip`,
    );
  }
  console.log(`${sizes.length} bundles in ${(performance.now() - started).toFixed(0)} ms`);
}
