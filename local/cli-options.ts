import { parseArgs } from 'node:util';

export interface CliOptions {
  readonly port: number;
  readonly dataDir: string | undefined;
  readonly seed: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
}

export const usage = `npm start -- [--data DIR] [--no-seed] [--verbose]

  --data DIR   keep tables, users and checkout runs in DIR (default: in memory, gone at the end)
  --no-seed    start with an empty catalogue; the three users stay
  --verbose    print the logs of the Lambdas
  PORT=3000    environment variable: where the API listens`;

/** @throws Error on an unknown option or a PORT that is none */
export function readCliOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      'no-seed': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = Number(env.PORT || 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`PORT must be a number from 0 to 65535, not "${env.PORT}".`);
  }
  return {
    port,
    dataDir: values.data,
    seed: !values['no-seed'],
    verbose: values.verbose,
    help: values.help,
  };
}
