import { passes } from '../../local/streams/record-filter.ts';
import type { Cloud } from './cloud.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Stage } from './stage.ts';

interface StreamRecord {
  readonly dynamodb: { readonly SequenceNumber: string };
}

/** What runs by itself: the reconciler every five minutes, and the stream of Orders to whoever reads it. */
export function createSchedules(kernel: Kernel, stage: Stage, cloud: Cloud, lambdas: Lambdas) {
  const [source] = stage.deployment.eventSources;
  const reader = source && stage.lambdaOf.get(source.functionRef);
  /** Positions of records that the stream gave up on. */
  const uncounted: string[] = [];
  let isDelivering = false;

  const deliver = async (): Promise<void> => {
    if (!source || !reader || isDelivering) return;
    isDelivering = true;
    let tries = 0;
    while (cloud.stream.length > 0) {
      const batch = cloud.stream.slice(0, source.batchSize) as StreamRecord[];
      const passed = batch.filter((record) => passes(source.filters, record));
      const taken = passed.length === 0 ? batch.length : await takenOf(batch, passed);
      tries = taken > 0 ? 0 : tries + 1;
      cloud.stream.splice(0, taken);
      if (taken > 0) continue;
      if (tries > source.retryAttempts) {
        const [lost] = cloud.stream.splice(0, 1) as StreamRecord[];
        uncounted.push(lost?.dynamodb.SequenceNumber ?? '');
        tries = 0;
      }
      await kernel.sleep(Math.min(60_000, 200 * 2 ** tries));
    }
    isDelivering = false;
  };

  /** How many records of the batch, from the first on, were taken. */
  const takenOf = async (batch: StreamRecord[], passed: StreamRecord[]): Promise<number> => {
    if (!reader) return batch.length;
    const outcome = await lambdas.invoke(reader, { Records: passed }, `stream ${passed.length}`);
    if (!outcome.ok) return 0;
    const { batchItemFailures = [] } = (outcome.output ?? {}) as {
      batchItemFailures?: { itemIdentifier: string }[];
    };
    const failed = batchItemFailures.map(({ itemIdentifier }) =>
      batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
    );
    return Math.max(0, Math.min(batch.length, ...failed));
  };

  return {
    uncounted,
    /** The stream is polled once a second. */
    async pollStream(isOver: () => boolean, alongside: () => void): Promise<void> {
      while (!isOver()) {
        alongside();
        await deliver();
        await kernel.sleep(1_000);
      }
    },
    deliver,
    /** True once every change was delivered. */
    isStreamEmpty: () => cloud.stream.length === 0 && !isDelivering,
    /** One run of the reconciler; what it did, or undefined when it failed. */
    async reconcile(): Promise<Readonly<Record<string, number>> | undefined> {
      const outcome = await lambdas.invoke('reconciler', { task: 'reconcile' }, 'schedule');
      return outcome.ok ? (outcome.output as Record<string, number>) : undefined;
    },
  };
}
