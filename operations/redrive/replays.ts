import * as z from 'zod';
import { checkInsights } from '../doctor/insights.ts';
import { examinationOf } from '../doctor.ts';
import { invokeFunction, invokeTask, type TaskFunction } from '../support/invoke-task.ts';
import type { Target } from '../support/target.ts';
import { sealsOf } from './lost-seals.ts';
import { tellAgain } from './notices.ts';

/** How the messages of a dead-letter queue without a source queue are made good. */
export interface Replay {
  readonly how: string;
  /** @returns what a person should know of it */
  message(body: string): Promise<readonly string[]>;
}

const unitsPerSecond = 200;

/** By the queue's name; of the others SQS knows where the messages came from. */
export function replaysOf(target: Target): ReadonlyMap<string, Replay> {
  const sealLost = sealsOf(target);
  return new Map<string, Replay>([
    ['Checkout', { how: 'the task is run again', message: (body) => repeatTask(target, body) }],
    ['Insights', { how: 'orders are counted anew from the orders', message: once(() => recount(target)) }],
    ['AuditSeal', { how: 'lost entries are sealed from the table, by hand', message: sealLost }],
    [
      'OrderNotices',
      {
        how: 'customers and staff are told of orders and low stock, once',
        message: once(() => tellAgain(target)),
      },
    ],
    [
      'Reconciler',
      {
        how: 'the reconciler is run',
        message: once(() => invokeFunction(target, 'ReconcilerFunctionName', { task: 'reconcile' })),
      },
    ],
  ]);
}

/** What makes all messages good at once is done for the first of them; the others wait for the same. */
function once(work: () => Promise<unknown>): Replay['message'] {
  let done: Promise<unknown> | undefined;
  return async () => {
    done ??= work();
    await done;
    return [];
  };
}

const taskSchema = z.looseObject({ task: z.enum(['notify', 'track', 'record']), orderId: z.string() });
const functions: Readonly<Record<z.infer<typeof taskSchema>['task'], TaskFunction>> = {
  notify: 'Notification',
  track: 'Analytics',
  record: 'Audit',
};

/** A message of the state machine names the task that could not be done, with its input. Each is done once in all. */
async function repeatTask(target: Target, body: string): Promise<readonly string[]> {
  const { error: _error, execution: _execution, ...task } = taskSchema.parse(JSON.parse(body));
  await invokeTask(target, functions[task.task], task);
  return [];
}

/** The stream keeps records for a day, the orders themselves say the same for good. */
async function recount(target: Target): Promise<void> {
  const options = { fix: true, graceMilliseconds: 0, unitsPerSecond };
  const findings = await checkInsights(examinationOf(target, options, () => undefined));
  for (const { fix } of findings) await fix?.();
}
