import * as z from 'zod';
import { type ReconcilePorts, reconcile as run } from '../../shared/orders/reconcile.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/** Run by the schedule. `at` lets an operator, or a test, look from a later moment than now. */
export const reconcile = (ports: ReconcilePorts) =>
  defineTask({
    input: z.object({ at: z.iso.datetime().optional() }),
    output: z.object({
      released: z.int(),
      started: z.int(),
      repaired: z.int(),
      driven: z.int(),
      failed: z.int(),
    }),
    run: ({ at }) => run(at === undefined ? ports : { ...ports, clock: { now: () => new Date(at) } }),
  });
