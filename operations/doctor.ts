import { createHoldFinder } from '../shared/adapters/dynamodb/hold-finder.ts';
import { createInventoryStore } from '../shared/adapters/dynamodb/inventory-store.ts';
import { createOrderFinder } from '../shared/adapters/dynamodb/order-finder.ts';
import { createOrderStore } from '../shared/adapters/dynamodb/order-store.ts';
import { createCheckoutRuns } from '../shared/adapters/step-functions/checkout-runs.ts';
import { createCheckoutWatch } from '../shared/adapters/step-functions/checkout-watch.ts';
import { createReversalRuns } from '../shared/adapters/step-functions/reversal-runs.ts';
import { type Clock, systemClock } from '../shared/effects.ts';
import type { ReconcilePorts } from '../shared/orders/reconcile.ts';
import { checkCustomers } from './doctor/customers.ts';
import type { Check, Examination, Finding } from './doctor/doctor.ts';
import { checkHolds } from './doctor/holds.ts';
import { checkInsightCounters } from './doctor/insight-counters.ts';
import { checkInsights } from './doctor/insights.ts';
import { checkOrders } from './doctor/orders.ts';
import { checkPromotions } from './doctor/promotions.ts';
import { checkStock } from './doctor/stock.ts';
import { readArguments, UsageError } from './support/arguments.ts';
import { runCommand, type Terminal, terminal } from './support/command.ts';
import { createPace } from './support/pace.ts';
import { scan } from './support/scan.ts';
import { retryEffects, type StageTables, tablesOf } from './support/stage.ts';
import { connect, type Target } from './support/target.ts';

const usage = `npm run doctor -- [--port 3000 | --stage dev|prod] [--fix] [--minutes 5] [--units 200]

Looks for stock that is held for nobody, orders and payments that nobody looks after, and counters that do not
agree with their rows. Exit code 1 when there is something.

  --fix        sets right what can be set right; every repair is on the audit trail, by the actor doctor
  --minutes N  leaves alone what changed in the last N minutes (default 5)
  --units N    read units a second that it takes (default 200)`;

export interface DoctorOptions {
  readonly fix: boolean;
  readonly graceMilliseconds: number;
  readonly unitsPerSecond: number;
  readonly clock?: Clock;
}

const checks: readonly (readonly [string, Check])[] = [
  ['orders and payments', checkOrders],
  ['holds', checkHolds],
  ['stock', checkStock],
  ['promotions', checkPromotions],
  ['customers', checkCustomers],
  ['orders in reports', checkInsights],
  ['reports, rankings', checkInsightCounters],
];

/**
 * Examines a stage and prints what it finds.
 * @returns the findings, those that were fixed among them
 * @throws Error in the end when a check could not find out; the others have been made by then
 */
export async function examine(
  target: Target,
  options: DoctorOptions,
  { line, progress }: Terminal = terminal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const faults: Error[] = [];
  for (const [name, check] of checks) {
    const notes: string[] = [];
    const say = (text: string) => progress(`${name}: ${text}`);
    const found = await check(examinationOf(target, options, say, (text) => notes.push(text))).catch(
      (error: unknown) => faults.push(new Error(`${name} could not be examined`, { cause: error })),
    );
    if (!Array.isArray(found)) {
      line(`${'NOT examined'.padEnd(18)} ${name}`);
      continue;
    }
    findings.push(...found);
    for (const finding of found) {
      line(`${finding.kind.padEnd(18)} ${finding.detail}`);
      line(`${' '.repeat(18)} ${options.fix ? await fixed(finding) : finding.advice}`);
    }
    if (found.length === 0) line(`${'ok'.padEnd(18)} ${name}`);
    for (const note of notes) line(`${'put off'.padEnd(18)} ${name}: ${note}`);
  }
  if (faults.length > 0) {
    line(`${findings.length} found; the examination is not complete.`);
    throw new AggregateError(faults, faults.map(({ message }) => message).join(', '));
  }
  line(findings.length === 0 ? 'Nothing is wrong.' : `${findings.length} found.`);
  return findings;
}

async function fixed({ fix, advice }: Finding): Promise<string> {
  if (!fix) return advice;
  try {
    return `fixed: ${(await fix()) ?? 'it was right by then'}`;
  } catch (error) {
    // One that cannot be fixed keeps none of the others from it.
    return `NOT fixed: ${error instanceof Error ? error.message : error}`;
  }
}

/** What checks work with, of a stage. */
export function examinationOf(
  target: Target,
  options: DoctorOptions,
  say: (text: string) => void,
  note: (text: string) => void = say,
): Examination {
  const { clock = systemClock, graceMilliseconds, unitsPerSecond } = options;
  const tables = tablesOf(target);
  return {
    target,
    tables,
    reconcile: reconcilePorts(target, tables, clock),
    clock,
    graceMilliseconds,
    note,
    pace: createPace({ burst: unitsPerSecond, perSecond: unitsPerSecond }),
    scan: (table) =>
      scan(target.dynamo, tables[table], {
        unitsPerSecond,
        onPage: (count) => say(`${count} items of ${table} …`),
      }),
  };
}

function reconcilePorts(target: Target, tables: StageTables, clock: Clock): ReconcilePorts {
  const { dynamo, workflows } = target;
  const checkout = target.output('StateMachineArn');
  return {
    orders: createOrderStore(dynamo, tables, retryEffects),
    finder: createOrderFinder(dynamo, tables.orders),
    holds: createHoldFinder(dynamo, tables.inventory, retryEffects),
    inventory: createInventoryStore(dynamo, tables, retryEffects),
    checkouts: createCheckoutRuns(workflows, checkout),
    watch: createCheckoutWatch(workflows, checkout),
    reversals: createReversalRuns(workflows, target.output('ReversalStateMachineArn')),
    clock,
  };
}

function positive(text: string | undefined, fallback: number): number {
  const value = Number(text ?? fallback);
  if (!(value > 0)) throw new UsageError(`"${text}" is no number above zero.`);
  return value;
}

await runCommand(import.meta.main, usage, async (args) => {
  const given = readArguments(args, { flags: ['fix'], options: ['minutes', 'units'] });
  const target = await connect(given.place);
  try {
    const findings = await examine(target, {
      fix: given.has('fix'),
      graceMilliseconds: positive(given.value('minutes'), 5) * 60_000,
      unitsPerSecond: positive(given.value('units'), 200),
    });
    return findings.length > 0 ? 1 : 0;
  } finally {
    target.close();
  }
});
