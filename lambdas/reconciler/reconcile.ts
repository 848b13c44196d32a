import * as z from 'zod';
import { logger } from '../../shared/observability/logger.ts';
import type { Measurement, PublishMetrics } from '../../shared/observability/metrics.ts';
import { type HeldFinder, heldOrders } from '../../shared/orders/held-orders.ts';
import {
  type ReconcilePorts,
  type ReconcileReport,
  reconcile as run,
} from '../../shared/orders/reconcile.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/** Run by the schedule. `at` lets an operator, or a test, look from a later moment than now. */
export const reconcile = (ports: ReconcilePorts & { finder: HeldFinder; publish: PublishMetrics }) =>
  defineTask({
    input: z.object({ at: z.iso.datetime().optional() }),
    output: z.object({
      released: z.int(),
      started: z.int(),
      repaired: z.int(),
      driven: z.int(),
      failed: z.int(),
    }),
    async run({ at }) {
      const given = at === undefined ? ports : { ...ports, clock: { now: () => new Date(at) } };
      const report = await run(given);
      ports.publish({ measurements: [...deeds(report), ...(await held(given))] });
      return report;
    },
  });

function deeds({ released, started, repaired, driven, failed }: ReconcileReport): Measurement[] {
  const counts = {
    HoldsReleased: released,
    CheckoutsStarted: started,
    OrdersRepaired: repaired,
    ReversalsDriven: driven,
    ReconcileFailures: failed,
  };
  return Object.entries(counts).map(([name, value]) => ({ name, unit: 'Count', value }));
}

/** Nothing that a run is for: it must not fail for want of it. */
async function held({
  finder,
  orders,
  clock,
}: ReconcilePorts & { finder: HeldFinder }): Promise<Measurement[]> {
  try {
    const { count, oldestSeconds } = await heldOrders(finder, orders, clock.now());
    return [
      { name: 'OrdersOnHold', unit: 'Count', value: count },
      { name: 'OldestHeldSeconds', unit: 'Seconds', value: oldestSeconds },
    ];
  } catch (error) {
    logger.warn('held orders were not measured', { error: error instanceof Error ? error : String(error) });
    return [];
  }
}
