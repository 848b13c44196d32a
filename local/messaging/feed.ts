import type { Stores } from '../aws/stores.ts';
import type { OnStop } from '../foundation.ts';
import type { Deployment } from '../template/deployment.ts';
import { type QueueSourceOptions, startQueueSource } from './queue-source.ts';

/** Starts the event source mapping of every queue of the stage. */
export function feedFromQueues(
  { queueSources, queues }: Pick<Deployment, 'queueSources' | 'queues'>,
  stores: Stores,
  invoke: QueueSourceOptions['invoke'],
  timeScale: number,
  onStop: OnStop,
): void {
  for (const source of queueSources) {
    const queue = queues.find(({ name }) => name === source.queue);
    if (!queue) throw new Error(`The stage has no queue ${source.queue}.`);
    onStop(startQueueSource({ source, queue, stores, invoke, timeScale }));
  }
}
