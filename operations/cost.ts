import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Budget, budgetOf, budgetSchema, risen, type Scenario, scenarios } from './cost/budget.ts';
import { measureCheckouts, measuredMemoryMb } from './cost/measure.ts';
import {
  type BillLine,
  bill,
  type LambdaTimes,
  type PriceList,
  priceListSchema,
  total,
} from './cost/price.ts';
import type { Measurement } from './cost/usage.ts';
import { readArguments } from './support/arguments.ts';
import { runCommand, type Terminal, terminal } from './support/command.ts';

const usage = `npm run cost -- [--accept]

Runs the stack here, counts what a paid and a declined checkout use, and prices it per 1,000 checkouts by the newest
list in operations/prices. Exit code 1 when anything has risen over operations/cost/budget.json.

  --accept  writes what was measured as the new budget: a rise is then a line in a review`;

const budgetFile = join(import.meta.dirname, 'cost', 'budget.json');

/** The newest list of prices: their names end with the day. */
export function newestPrices(): PriceList {
  const folder = join(import.meta.dirname, 'prices');
  const newest = globSync('*.json', { cwd: folder }).sort().at(-1);
  if (newest === undefined) throw new Error(`There is no price list in ${folder}`);
  return priceListSchema.parse(JSON.parse(readFileSync(join(folder, newest), 'utf8')));
}

export function committedBudget(): Budget {
  return budgetSchema.parse(JSON.parse(readFileSync(budgetFile, 'utf8')));
}

/** What 1,000 checkouts cost by what is the same on every machine. */
function dollarsOf({ usage: used }: Measurement, list: PriceList, times: LambdaTimes): number {
  return total(bill(used, 0, list, times));
}

/** What has risen over the budget, in words. */
export function overBudget(
  measured: Readonly<Record<Scenario, Measurement>>,
  { milliseconds, scenarios: allowed }: Budget,
  list: PriceList,
): string[] {
  const times = { memoryMb: measuredMemoryMb, milliseconds };
  return scenarios.flatMap((scenario) => {
    const dollars = dollarsOf(measured[scenario], list, times);
    return risen(measured[scenario], dollars, allowed[scenario]).map((text) => `${scenario}: ${text}`);
  });
}

function print(
  scenario: Scenario,
  { usage: used, behind, logKilobytes, milliseconds }: Measurement,
  list: PriceList,
  times: LambdaTimes,
  { line }: Terminal,
): void {
  const row = ({ what, quantity, unit, dollars }: BillLine) =>
    line(
      `  ${what.padEnd(17)} ${quantity.toFixed(2).padStart(9)} ${`$${dollars.toFixed(5)}`.padStart(10)}  ${unit}`,
    );
  const path = bill(used, 0, list, times);
  const after = bill(behind, logKilobytes, list, times);
  line(`\nA ${scenario} checkout, in dollars per 1,000`);
  path.forEach(row);
  line(`  ${'the checkout'.padEnd(27)} ${`$${total(path).toFixed(5)}`.padStart(10)}`);
  line('behind it: streams, queues and logs, as they fell this time');
  after.forEach(row);
  line(`  ${'in all'.padEnd(27)} ${`$${(total(path) + total(after)).toFixed(5)}`.padStart(10)}`);
  const measuredTimes = Object.entries({ ...used.lambdas, ...behind.lambdas }).map(
    ([name, count]) => `${name} ${count} × ${milliseconds[name] ?? '?'} ms`,
  );
  line(`measured here: ${measuredTimes.join(', ')}`);
}

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['accept'] });
  const list = newestPrices();
  const measured = await measureCheckouts(terminal.progress);
  const milliseconds = given.has('accept')
    ? { ...measured.declined.milliseconds, ...measured.paid.milliseconds }
    : committedBudget().milliseconds;
  const times = { memoryMb: measuredMemoryMb, milliseconds };
  terminal.line(`Prices of ${list.region}, ${list.recordedOn}. Lambdas of ${times.memoryMb} MB, warm.`);
  for (const scenario of scenarios) print(scenario, measured[scenario], list, times, terminal);
  terminal.line(`\nNot counted: ${list.notCounted.join('; ')}.`);
  const dollars = (scenario: Scenario) => dollarsOf(measured[scenario], list, times);
  if (given.has('accept')) {
    const budget: Budget = {
      measuredOn: new Date().toISOString().slice(0, 10),
      milliseconds,
      scenarios: {
        paid: budgetOf(measured.paid, dollars('paid')),
        declined: budgetOf(measured.declined, dollars('declined')),
      },
    };
    writeFileSync(budgetFile, `${JSON.stringify(budget, undefined, 2)}\n`);
    terminal.line(`\nWritten to ${budgetFile}.`);
    return 0;
  }
  const budget = committedBudget();
  const over = scenarios.flatMap((scenario) =>
    risen(measured[scenario], dollars(scenario), budget.scenarios[scenario]).map(
      (text) => `${scenario}: ${text}`,
    ),
  );
  terminal.line(over.length === 0 ? '\nWithin the budget.' : `\nOver the budget:\n  ${over.join('\n  ')}`);
  return over.length === 0 ? 0 : 1;
});
