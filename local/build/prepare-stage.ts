import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { DeepPartial } from '../../lib/choose-settings.ts';
import type { StageSettings } from '../../lib/stage-settings.ts';
import { type Templates, templateSchema } from '../template/template.ts';
import { cachedFolder } from './cached-folder.ts';
import { sourceHash } from './source-hash.ts';

const root = join(import.meta.dirname, '..', '..');
const cache = join(root, '.cache', 'local-runtime');
const templatesSchema = z.record(z.string(), templateSchema);

export interface PreparedStage {
  readonly templates: Templates;
  /** One folder for each Lambda. */
  readonly bundlesFolder: string;
}

/**
 * Bundles the Lambdas and synthesizes the `dev` stage. Both are kept by a hash of what they are made from, below
 * `.cache/`: nothing in `dist/` or `cdk.out/` is touched, so any number of stacks can start from one checkout.
 */
export async function prepareStage(
  settings: DeepPartial<StageSettings>,
  onProgress: (line: string) => void,
): Promise<PreparedStage> {
  const [codeHash, stageHash] = await Promise.all([
    sourceHash(root, ['lambdas', 'shared', 'lib/bundle.ts', 'package-lock.json']),
    sourceHash(root, ['lib', 'shared', 'statemachines', 'package-lock.json']),
  ]);
  const settingsHash = createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 8);
  const [bundles, templates] = await Promise.all([
    cachedFolder(cache, `bundles-${codeHash}`, (folder) => bundle(folder, onProgress)),
    readTemplates(`templates-${stageHash}-${settingsHash}`, settings, onProgress),
  ]);
  return { templates, bundlesFolder: bundlesIn(bundles) };
}

async function bundle(folder: string, onProgress: (line: string) => void): Promise<void> {
  onProgress('Bundling the Lambdas …');
  const { bundleLambdas } = await import('../../lib/bundle.ts');
  await bundleLambdas(bundlesIn(folder));
}

/** Below the cached folder, as the bundler puts the source maps beside it. */
function bundlesIn(folder: string): string {
  return join(folder, 'lambdas');
}

async function readTemplates(
  name: string,
  settings: DeepPartial<StageSettings>,
  onProgress: (line: string) => void,
): Promise<Templates> {
  const folder = await cachedFolder(cache, name, async (draft) => {
    onProgress('Synthesizing the stage …');
    const { synthesizeStage } = await import('../../lib/synthesize.ts');
    const templates = synthesizeStage('dev', {
      outdir: join(draft, 'assembly'),
      settings,
      bundlesFolder: emptyBundles(join(draft, 'assets')),
    });
    await writeFile(join(draft, 'templates.json'), JSON.stringify(templates));
  });
  return templatesSchema.parse(JSON.parse(await readFile(join(folder, 'templates.json'), 'utf8')));
}

/** The CDK wants each asset's folder to be there; the bundles themselves are being made at the same time. */
function emptyBundles(folder: string): string {
  for (const handler of globSync('lambdas/*/handler.ts', { cwd: root })) {
    const target = join(folder, basename(dirname(handler)));
    if (!existsSync(target)) mkdirSync(target, { recursive: true });
  }
  return folder;
}
