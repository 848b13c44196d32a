import { parseArgs } from 'node:util';
import { stageNames } from '../../lib/stage-settings.ts';
import type { Place } from './target.ts';

/** What every command understands, and what is its own. */
export interface CommandLine {
  readonly place: Place;
  readonly positionals: readonly string[];
  has(flag: string): boolean;
  value(option: string): string | undefined;
}

/** A wrong call of a command: its message is for the person at the keyboard. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads `--port 3000` or `--stage dev|prod`, with `--region`, and the command's own flags and options.
 * @throws UsageError
 */
export function readArguments(
  args: readonly string[],
  own: { readonly flags?: readonly string[]; readonly options?: readonly string[] } = {},
): CommandLine {
  const { flags = [], options = [] } = own;
  const { values, positionals } = parse(args, flags, options);
  const text = (name: string) => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    place: placeOf(text('stage'), text('port'), text('region')),
    positionals,
    has: (flag) => values[flag] === true,
    value: text,
  };
}

function parse(args: readonly string[], flags: readonly string[], options: readonly string[]) {
  const string = { type: 'string' } as const;
  const boolean = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(['port', 'stage', 'region', ...options].map((name) => [name, string])),
        ...Object.fromEntries(['help', ...flags].map((name) => [name, boolean])),
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function placeOf(stage: string | undefined, port: string | undefined, region: string | undefined): Place {
  if (stage !== undefined) {
    const known = stageNames.find((name) => name === stage);
    if (!known || port !== undefined) {
      throw new UsageError(`--stage takes one of ${stageNames.join(', ')}, and no --port beside it.`);
    }
    return { kind: 'aws', stage: known, ...(region === undefined ? {} : { region }) };
  }
  const number = Number(port ?? process.env.PORT ?? 3000);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new UsageError(`--port takes a number from 1 to 65535, not "${port}".`);
  }
  return { kind: 'local', port: number };
}
