import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from './child.ts';
import { accountId, credentials, type Emulator, region, searchPath } from './emulator.ts';

const root = join(import.meta.dirname, '..', '..');
const cli = join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk');

const outputsSchema = z.record(z.string(), z.record(z.string(), z.string()));
/** The outputs of stacks, by the names of stack and output. */
export type StackOutputs = z.infer<typeof outputsSchema>;

/** The text of a `--outputs-file`. */
export function parseOutputs(text: string): StackOutputs {
  return outputsSchema.parse(JSON.parse(text));
}

/** Stacks that the CLI left alone, as its output says. */
export function unchangedStacks(output: string): string[] {
  return [...output.matchAll(/^\s*✅ {2}(\S+) \(no changes\)\s*$/gm)].map(([, name = '']) => name);
}

/** Logical ids of resources that a deployment made, changed or removed, by the CLI's `--progress events`. */
export function touchedResources(output: string): string[] {
  const line = /\| (?:CREATE|UPDATE|DELETE)_COMPLETE\s+\| (AWS::\S+|Custom::\S+)\s+\| .*?\(?(\w+)\)?\s*$/gm;
  const touched = [...output.matchAll(line)].filter(([, type]) => type !== 'AWS::CloudFormation::Stack');
  return [...new Set(touched.map(([, , id = '']) => id))].sort();
}

/** What a command gets to see: dummy credentials, the emulator's address, and nothing of the caller's own. */
export function commandEnvironment(emulator: Emulator, folder: string): Record<string, string> {
  return {
    PATH: searchPath(),
    HOME: join(folder, 'home'),
    TMPDIR: join(folder, 'tmp'),
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CA_BUNDLE: emulator.certificateFile,
    NODE_EXTRA_CA_CERTS: emulator.certificateFile,
    CDK_DISABLE_CLI_TELEMETRY: '1',
    CI: '1',
    NO_COLOR: '1',
    TZ: 'UTC',
  };
}

/** The CDK's command line against the emulator, and against nothing else: its environment is made here. */
export class Cdk {
  readonly #folder: string;
  readonly #env: Record<string, string>;

  constructor(emulator: Emulator, folder: string) {
    this.#folder = folder;
    this.#env = commandEnvironment(emulator, folder);
  }

  /** Synthesizes from the checkout into a folder of this run and answers the folder. */
  async synth(name: string, context: Readonly<Record<string, string>>): Promise<string> {
    const assembly = join(this.#folder, name);
    const given = Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
    await this.#cdk(['synth', '--quiet', '-o', assembly, ...given], { cwd: root, timeoutSeconds: 180 });
    return assembly;
  }

  async bootstrap(): Promise<void> {
    await this.#cdk(['bootstrap', `aws://${accountId}/${region}`], { timeoutSeconds: 120 });
  }

  /** Deploys the stacks of an assembly that match; answers their outputs and what the CLI printed. */
  async deploy(
    assembly: string,
    stacks: readonly string[],
    options: { readonly force?: boolean } = {},
  ): Promise<{ outputs: StackOutputs; output: string }> {
    const outputsFile = join(assembly, 'outputs.json');
    const output = await this.#cdk(
      [
        ...['deploy', '-a', assembly, '--method=direct', '--require-approval=never', '--progress=events'],
        ...['--outputs-file', outputsFile, ...(options.force ? ['--force'] : []), ...stacks],
      ],
      { timeoutSeconds: 240 },
    );
    const outputs = existsSync(outputsFile) ? parseOutputs(await readFile(outputsFile, 'utf8')) : {};
    return { outputs, output };
  }

  async destroy(assembly: string, stacks: readonly string[]): Promise<string> {
    const args = ['destroy', '-a', assembly, '--force', ...stacks];
    return this.#cdk(args, { timeoutSeconds: 180 });
  }

  /** Everything but a synthesis runs in an empty folder, where no cdk.json adds an app or context. */
  async #cdk(
    args: readonly string[],
    options: { readonly cwd?: string; readonly timeoutSeconds: number },
  ): Promise<string> {
    const empty = join(this.#folder, 'empty');
    await mkdir(empty, { recursive: true });
    const logFile = join(this.#folder, 'cdk.log');
    return run(process.execPath, [cli, ...args], { cwd: empty, env: this.#env, logFile, ...options });
  }
}
