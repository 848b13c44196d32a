import * as z from 'zod';
import type { FailureHook } from '../../local/options.ts';

const taskSchema = z.object({ task: z.string(), orderId: z.string() });

/** Stops a workflow task before it runs, so that a test can act at that very moment. */
export function createGate() {
  const closed = new Map<string, { reached: () => void; opened: Promise<void> }>();
  const failures: FailureHook = async ({ event }) => {
    const call = taskSchema.safeParse(event);
    const gate = call.success ? closed.get(call.data.task) : undefined;
    if (!gate) return undefined;
    gate.reached();
    await gate.opened;
    return undefined;
  };
  return {
    failures,
    /** Closes the gate before a task; `reached` resolves when a checkout stands before it. */
    close(task: string): { reached: Promise<void>; open: () => void } {
      const arrival = Promise.withResolvers<void>();
      const opening = Promise.withResolvers<void>();
      closed.set(task, { reached: arrival.resolve, opened: opening.promise });
      return {
        reached: arrival.promise,
        open: () => {
          closed.delete(task);
          opening.resolve();
        },
      };
    },
  };
}
