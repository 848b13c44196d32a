import { createRng, seedOf } from './random.ts';
import { runWorld, type WorldResult } from './run-world.ts';
import { randomScenario, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** The scenario of a run's world: by the run's seed and the world's number alone. 20 to 200 orders. */
export function scenarioOf(seed: number, world: number): Scenario {
  const own = seedOf(seed, 'world', world);
  const size = createRng(own, 'size');
  return randomScenario(own, size.chance(0.5) ? 20 + size.int(40) : 60 + size.int(141));
}

export interface NumberedResult extends WorldResult {
  readonly world: number;
  /** Orders that were placed. */
  readonly placed: number;
  /** Milliseconds of CPU time. */
  readonly cpu: number;
}

export async function runNumbered(
  stage: Stage,
  seed: number,
  world: number,
  isTraced = false,
): Promise<NumberedResult> {
  const before = process.cpuUsage();
  const result = await runWorld(stage, scenarioOf(seed, world), { isTraced });
  const { user, system } = process.cpuUsage(before);
  const placed = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
  return { ...result, world, placed, cpu: (user + system) / 1_000 };
}

/** Several worlds taken together. */
export interface Totals {
  worlds: number;
  placed: number;
  calls: number;
  invocations: number;
  executions: number;
  repairs: number;
  /** Virtual milliseconds. */
  elapsed: number;
  cpu: number;
  readonly statuses: Map<string, number>;
  readonly faults: Map<string, number>;
}

export function sumUp(results: readonly NumberedResult[]): Totals {
  const totals: Totals = {
    worlds: results.length,
    placed: 0,
    calls: 0,
    invocations: 0,
    executions: 0,
    repairs: 0,
    elapsed: 0,
    cpu: 0,
    statuses: new Map(),
    faults: new Map(),
  };
  for (const result of results) {
    for (const name of [
      'placed',
      'calls',
      'invocations',
      'executions',
      'repairs',
      'elapsed',
      'cpu',
    ] as const) {
      totals[name] += result[name];
    }
    add(totals.statuses, result.statuses);
    add(totals.faults, result.faults);
  }
  return totals;
}

function add(to: Map<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) to.set(name, (to.get(name) ?? 0) + count);
}
