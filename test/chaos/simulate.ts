import { SingleBar } from 'cli-progress';
import { runCrew } from './crew.ts';
import { readOptions, type SimulationOptions } from './options.ts';
import { failureText, summary, writeReport } from './report.ts';
import { loadStage } from './stage.ts';
import { type NumberedResult, runNumbered, sumUp } from './worlds.ts';

/** Many worlds, or one again. Exits with 1 when an invariant does not hold. */
async function main(options: SimulationOptions): Promise<boolean> {
  return options.world === undefined ? runMany(options) : replay(options, options.world);
}

async function replay({ seed, trace }: SimulationOptions, world: number): Promise<boolean> {
  const started = performance.now();
  const result = await runNumbered(await loadStage(), seed, world, trace);
  for (const line of result.trace ?? []) console.log(line);
  const wall = performance.now() - started;
  console.log(`${summary(sumUp([result]), { seed, workers: 1, wall })}\ntrace ${result.hash}`);
  if (result.violations.length > 0) console.error(failureText(result, seed));
  return result.violations.length === 0;
}

async function runMany({ seed, orders, workers, report }: SimulationOptions): Promise<boolean> {
  const started = performance.now();
  const progress = showProgress(orders);
  const results = await runCrew({ seed, orders, workers }, (result, placed) => {
    progress.update(placed);
    if (result.violations.length > 0) progress.say(failureText(result, seed));
  });
  progress.stop();
  const totals = sumUp(results);
  const facts = { seed, workers, wall: performance.now() - started };
  const broken = results.filter(({ violations }: NumberedResult) => violations.length > 0).length;
  console.log(summary(totals, facts));
  console.log(broken === 0 ? 'Every invariant holds.' : `${broken} worlds break an invariant.`);
  if (report !== undefined) writeReport(report, totals, facts, broken);
  return broken === 0;
}

interface Progress {
  update(placed: number): void;
  say(text: string): void;
  stop(): void;
}

/** A bar on a terminal; elsewhere a line for each tenth. */
function showProgress(orders: number): Progress {
  if (process.stdout.isTTY) {
    const bar = new SingleBar({
      format: '{bar} {value}/{total} orders, {eta_formatted} left',
      hideCursor: true,
    });
    bar.start(orders, 0);
    return {
      update: (placed) => bar.update(Math.min(placed, orders)),
      say: (text) => console.error(`\n${text}`),
      stop: () => bar.stop(),
    };
  }
  let told = 0;
  return {
    update(placed) {
      const tenth = Math.floor((10 * placed) / orders);
      if (tenth <= told) return;
      told = tenth;
      console.log(`${placed} of ${orders} orders`);
    },
    say: (text) => console.error(text),
    stop: () => undefined,
  };
}

process.exitCode = (await main(readOptions(process.argv.slice(2)))) ? 0 : 1;
