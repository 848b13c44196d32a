import type { LambdaName } from './code.ts';
import {
  type FaultSettings,
  type InvocationFault,
  noFaults,
  type Outage,
  type PlannedFault,
  type Service,
} from './faults.ts';
import type { Violation } from './invariants/violations.ts';
import { seedOf } from './random.ts';
import { runWorld } from './run-world.ts';
import { randomScenario, type Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/**
 * The days that a safeguard is for: a service is out for minutes, a Lambda starts none of its first invocations, or
 * whatever it is sent comes twice while some of its calls kill it.
 */
export type Weather =
  | { readonly outage: Service }
  | { readonly down: LambdaName }
  | { readonly twice: LambdaName };

export interface Caught {
  readonly world: number;
  readonly violation: Violation;
}

/** Small worlds with many faults, as a mutant shows itself where things go wrong. */
export function huntScenario(world: number, weather?: Weather): Scenario {
  const seed = seedOf('hunt', world);
  const scenario = randomScenario(seed, 24);
  const { faults } = scenario;
  if (weather && 'down' in weather) {
    const planned = invocationsOf(weather.down, 'not_started', 120);
    return { ...scenario, faults: { ...faults, planned, rate: 0, outages: [] } };
  }
  if (weather && 'twice' in weather) return doubled(scenario, weather.twice);
  if (weather) {
    const outages = [outageOf(scenario, weather.outage, 6 + (world % 12))];
    return { ...scenario, faults: { ...faults, rate: 0, outages } };
  }
  if (world % 8 === 0) return rush(scenario);
  if (world % 2 === 0) return { ...scenario, faults: { ...faults, rate: 0.06 } };
  // What lands late, while somebody cancels: here undo and step meet.
  const orders = scenario.orders.map((order, index) =>
    index % 2 === 0
      ? order
      : { ...order, acts: [{ after: 150 * index, kind: 'cancel' } as const, ...order.acts] },
  );
  return { ...scenario, orders, faults: { ...faults, rate: 0.12, kinds: ['late', 'hangs', 'lost'] } };
}

function invocationsOf(lambda: LambdaName, kind: InvocationFault, count: number): PlannedFault[] {
  return Array.from({ length: count }, (_, invocation) => ({ invocation, kind, in: lambda }));
}

/** Every order pauses, for its profile or for a review, and each attempt at it has a second that lags behind. */
function doubled(scenario: Scenario, lambda: LambdaName): Scenario {
  const minute = 60_000;
  const last = Math.max(...scenario.orders.map(({ at }) => at));
  const customers = scenario.customers.map((_, index) =>
    index % 2 === 0
      ? { hasProfile: true, completesAt: undefined }
      : { hasProfile: false, completesAt: last + 5 * minute },
  );
  const orders = scenario.orders.map((order) => ({
    ...order,
    method: 'pm_card_riskLevelElevated',
    acts: [{ after: 20 * minute, kind: 'approve' } as const],
  }));
  const planned = invocationsOf(lambda, 'twice', 600);
  const faults: FaultSettings = {
    ...scenario.faults,
    planned,
    rate: 0.04,
    kinds: ['crash_before'],
    outages: [],
  };
  return { ...scenario, customers, orders, faults };
}

/** Nothing fails, but all come at once for little stock: some safeguards are of use every day. */
function rush(scenario: Scenario): Scenario {
  const orders = scenario.orders.map((order, index) => ({ ...order, at: 1_000 + (index % 3) }));
  const products = scenario.products.map((product) => ({ ...product, stock: 4 }));
  return { ...scenario, products, orders, faults: noFaults };
}

/** Out from shortly after most orders are placed, for some of it longer than any step is tried again. */
function outageOf({ orders }: Scenario, service: Service, minutes: number): Outage {
  const times = orders.map(({ at }) => at).sort((one, other) => one - other);
  const from = (times[Math.floor(times.length / 2)] ?? 0) + 300;
  return { service, from, to: from + minutes * 60_000, lostShare: 0.2 };
}

/** Runs worlds until one breaks an invariant; undefined when none of them does. */
export async function hunt(stage: Stage, worlds: number, weather?: Weather): Promise<Caught | undefined> {
  for (let world = 0; world < worlds; world += 1) {
    const { violations } = await runWorld(stage, huntScenario(world, weather));
    const [violation] = violations;
    if (violation) return { world, violation };
  }
  return undefined;
}
