import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..', '..');

/**
 * The Lambdas that take part. The authorizer is left out: who calls stands in the event, as it puts it there. So are
 * the announcer and the deliverers: a message is looked at where it is published.
 */
const lambdaNames = [
  'order',
  'product',
  'user',
  'order-workflow',
  'inventory',
  'payment',
  'payment-webhook',
  'notification',
  'analytics',
  'audit',
  'reconciler',
  'insights',
  'order-notices',
  'audit-seal',
] as const;
export type LambdaName = (typeof lambdaNames)[number];
export type Handler = (event: unknown) => Promise<unknown>;
export type Handlers = Readonly<Record<LambdaName, Handler>>;

/** A change of the production code by exact text, for the mutation check. */
export interface Patch {
  /** Path from the repository's root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * Names that the Lambdas' code takes from the place it runs in. They are given as arguments of a function round
 * that code, so nothing outside a world sees a virtual clock.
 */
const outerNames = [
  'require',
  'module',
  'exports',
  'globalThis',
  'process',
  'crypto',
  'fetch',
  'Date',
  'Math',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
] as const;
type OuterName = Exclude<(typeof outerNames)[number], 'require' | 'module' | 'exports' | 'globalThis'>;
export type Surroundings = Readonly<Record<OuterName, unknown>>;
export type ModuleSource = (name: string, actual: (name: string) => unknown) => unknown;

/** The code of all Lambdas, compiled once; `start` makes a cold container of each. */
export interface LambdaCode {
  start(surroundings: Surroundings, modules: ModuleSource): Handlers;
}

/** Bundles `lambdas/*` as a deployment does, but with the packages outside. Takes some 150 ms. */
export async function loadLambdaCode(patches: readonly Patch[] = []): Promise<LambdaCode> {
  const entries = lambdaNames.map(
    (name) => `export { handler as ${variable(name)} } from './lambdas/${name}/handler.ts';`,
  );
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entries.join('\n'), resolveDir: root },
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    external: ['@aws-sdk/*', '@aws-lambda-powertools/*', 'zod', 'jose', 'ulid', 'aws-xray-sdk-core'],
    write: false,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [patching(patches)],
  });
  const run = compileFunction(sharingModules(outputFiles[0]?.text ?? ''), [...outerNames], {
    filename: 'lambdas.cjs',
  }) as (...values: unknown[]) => void;
  const actual = createRequire(join(root, 'package.json')) as (name: string) => unknown;
  return {
    start(surroundings, modules) {
      const module = { exports: {} as Record<string, Handler> };
      const given = Object.entries(surroundings).map(([name, value]) => [name, { value }]);
      const own: unknown = Object.create(globalThis, Object.fromEntries(given) as PropertyDescriptorMap);
      const values: Readonly<Record<string, unknown>> = {
        ...surroundings,
        globalThis: own,
        require: (name: string) => modules(name, actual),
        module,
        exports: module.exports,
      };
      run(...outerNames.map((name) => values[name]));
      return Object.fromEntries(
        lambdaNames.map((name) => [name, module.exports[variable(name)]]),
      ) as unknown as Handlers;
    },
  };
}

/**
 * esbuild copies every export of every package for each importer, thousands of them for the SDK: half the cost of a
 * cold start here. Packages that say that they were ES modules need no copy.
 */
function sharingModules(code: string): string {
  const copying = 'var __toESM = ';
  if (!code.includes(copying)) throw new Error('esbuild does not import packages as it did');
  const sharing = `${copying}(mod, ...rest) => mod?.__esModule ? mod : __copyToESM(mod, ...rest);`;
  return code.replace(copying, `${sharing}\nvar __copyToESM = `);
}

function patching(patches: readonly Patch[]): Plugin {
  return {
    name: 'patching',
    setup({ onLoad }) {
      for (const file of new Set(patches.map((patch) => patch.file))) {
        const filter = new RegExp(`/${file.replaceAll(/[.]/g, '\\.')}$`);
        onLoad({ filter }, () => ({ contents: patched(file, patches), loader: 'ts' }));
      }
    },
  };
}

function variable(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * A file of the repository with its patches applied.
 * @throws Error when a patch's text is not found exactly once: the code has moved on, and the patch must
 */
export function patched(path: string, patches: readonly Patch[]): string {
  let text = readFileSync(join(root, path), 'utf8');
  for (const { find, replace } of patches.filter(({ file }) => file === path)) {
    const found = text.split(find).length - 1;
    if (found !== 1) throw new Error(`A patch of ${path} finds its text ${found} times, not once: ${find}`);
    text = text.replace(find, () => replace);
  }
  return text;
}
