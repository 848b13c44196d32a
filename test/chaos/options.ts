import { parseArgs } from 'node:util';

export interface SimulationOptions {
  /** How many orders are to be placed at least. */
  readonly orders: number;
  readonly seed: number;
  /** Replays this world alone. */
  readonly world: number | undefined;
  /** Prints every call, state and answer of the replayed world. */
  readonly trace: boolean;
  readonly workers: number;
  /** A Markdown file whose section between the markers is replaced by the results. */
  readonly report: string | undefined;
}

export const usage = `npm run simulate -- [--orders 2000] [--seed 1] [--workers 2] [--report docs/proof.md]
npm run simulate -- --seed 1 --world 17 [--trace]`;

/** @throws Error with the usage when an option is not known or no whole number */
export function readOptions(args: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      orders: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      world: { type: 'string' },
      trace: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
      report: { type: 'string' },
    },
  });
  const whole = (name: string, text: string): number => {
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number.\n${usage}`);
    return Number(text);
  };
  return {
    orders: whole('orders', values.orders),
    seed: whole('seed', values.seed),
    world: values.world === undefined ? undefined : whole('world', values.world),
    trace: values.trace,
    workers: Math.max(1, whole('workers', values.workers)),
    report: values.report,
  };
}
