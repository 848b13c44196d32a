import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';

/** What runs by itself: the reconciler every five minutes, and whatever is polled once a second. */
export function createSchedules(kernel: Kernel, lambdas: Lambdas) {
  return {
    async everySecond(isOver: () => boolean, poll: () => void): Promise<void> {
      while (!isOver()) {
        poll();
        await kernel.sleep(1_000);
      }
    },
    /** One run of the reconciler; what it did, or undefined when it failed. */
    async reconcile(): Promise<Readonly<Record<string, number>> | undefined> {
      const outcome = await lambdas.invoke('reconciler', { task: 'reconcile' }, 'schedule');
      return outcome.ok ? (outcome.output as Record<string, number>) : undefined;
    },
  };
}
