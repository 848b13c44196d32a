import { openBooks } from './invariants/books.ts';
import { type Violation, violations } from './invariants/violations.ts';
import { orders, rows } from './ledger.ts';
import { repairAlarmed } from './operator.ts';
import { openShop, play } from './play.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import { buildWorld, type World, type WorldOptions } from './world.ts';

export interface WorldResult {
  readonly violations: readonly Violation[];
  /** Orders by final status. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly calls: number;
  readonly invocations: number;
  readonly executions: number;
  /** Undos that an operator had to run again after an alarm. */
  readonly repairs: number;
  /** Virtual milliseconds from the first order to rest. */
  readonly elapsed: number;
  readonly hash: string;
  readonly trace: readonly string[] | undefined;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const longest = 5 * day;

/** Runs a scenario until nothing moves any more, and checks what is left against the invariants. */
export async function runWorld(
  stage: Stage,
  scenario: Scenario,
  options: WorldOptions = {},
): Promise<WorldResult> {
  const world = buildWorld(stage, scenario, options);
  const { kernel, schedules } = world;
  options.prepare?.(world);
  let isOver = false;
  const life = live(world, options.idleRuns ?? 2).then(
    (found) => {
      isOver = true;
      return found;
    },
    (error: unknown) => {
      kernel.break(error);
      return [] as Violation[];
    },
  );
  void schedules.everySecond(
    () => isOver,
    () => {
      world.webhooks.poll();
      world.streams.poll();
    },
  );
  await kernel.run(kernel.start + longest, () => isOver);
  const found = isOver
    ? await life
    : [{ rule: 'rest', about: 'world', what: `did not come to rest in 5 days` }];
  const statuses: Record<string, number> = {};
  for (const { status } of orders(world)) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    violations: found,
    statuses,
    faults: Object.fromEntries([...kernel.faults.met].sort()),
    calls: kernel.faults.calls,
    invocations: kernel.faults.invocations,
    executions: world.workflows.executions.size,
    repairs: world.repairs,
    elapsed: kernel.elapsed,
    hash: kernel.trace.hash,
    trace: kernel.trace.lines,
  };
}

async function live(world: World, idleRuns: number): Promise<readonly Violation[]> {
  const { kernel, schedules } = world;
  const shop = await openShop(world);
  world.streams.poll();
  while (!world.streams.areEmpty()) await kernel.sleep(10);
  kernel.faults.isArmed = true;
  let isPlayed = false;
  const playing = play(world, shop).then((played) => {
    isPlayed = true;
    return played;
  });
  let idle = 0;
  // At rest when everybody is through, nothing runs, and so many runs of the reconciler in a row found nothing.
  while (idle < idleRuns || !isAtRest(world, isPlayed)) {
    await kernel.sleep(isWaiting(world, isPlayed) ? 60 * minute : 5 * minute);
    const report = await schedules.reconcile();
    const isIdle = report && Object.values(report).every((count) => count === 0);
    idle = isIdle && isAtRest(world, isPlayed) ? idle + 1 : 0;
  }
  const played = await playing;
  world.repairs = await repairAlarmed(world);
  while (!world.streams.areEmpty() || !world.webhooks.isQuiet()) await kernel.sleep(1_000);
  return violations({ world, shop, ...played, books: openBooks(world) });
}

function isAtRest(world: World, isPlayed: boolean): boolean {
  const { kernel, scenario, workflows, streams, webhooks } = world;
  const { until, outages, rate } = scenario.faults;
  const faultsEnd = Math.max(rate > 0 ? until : 0, ...outages.map(({ to }) => to));
  return (
    isPlayed &&
    workflows.running === 0 &&
    kernel.elapsed > faultsEnd &&
    streams.areEmpty() &&
    webhooks.isQuiet() &&
    !rows(world, 'INVENTORY_TABLE').some(({ state }) => state === 'HELD') &&
    !orders(world).some(({ reversing }) => reversing)
  );
}

/** Only checkouts that wait for people are left: for hours nothing else will happen. */
function isWaiting(world: World, isPlayed: boolean): boolean {
  if (!isPlayed || world.workflows.running === 0) return false;
  const waiting = [...world.workflows.executions.values()].filter(({ status }) => status === 'RUNNING');
  return waiting.every(({ states }) => /^(WaitForProfile|HoldForReview)$/.test(states.at(-1) ?? ''));
}
