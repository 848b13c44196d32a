import type { InvocationResult } from './lambda/protocol.ts';
import type { ScheduleModel } from './template/schedule-model.ts';

/**
 * Runs the stage's schedules at their own rates, the first run one interval from now, as EventBridge does. A
 * run that takes longer than its interval is not overtaken by the next.
 * @returns stops them
 */
export function startSchedules(
  schedules: readonly ScheduleModel[],
  invoke: (functionRef: string, event: unknown) => Promise<InvocationResult>,
): () => void {
  const timers = schedules.map(({ functionArn, event, intervalMs }) => {
    let running = false;
    const run = async (): Promise<void> => {
      if (running) return;
      running = true;
      await invoke(functionArn, event).finally(() => {
        running = false;
      });
    };
    return setInterval(() => void run().catch(() => undefined), intervalMs).unref();
  });
  return () => timers.forEach(clearInterval);
}
