import { passes } from '../../local/streams/record-filter.ts';
import type { EventSourceModel } from '../../local/template/event-source-model.ts';
import type { Cloud } from './cloud.ts';
import type { LambdaName } from './code.ts';
import type { Kernel } from './kernel.ts';
import type { Lambdas } from './lambdas.ts';
import type { Stage } from './stage.ts';
import type { StreamRecord } from './stream-record.ts';

interface Feed {
  readonly table: string;
  /** Takes a change in, to be delivered at the next poll. */
  take(record: StreamRecord): void;
  /** Delivers all that is there, unless it is at it already. */
  deliver(): Promise<void>;
  isEmpty(): boolean;
}

export interface Streams {
  /** Looks for changes: what there are goes to the Lambdas, each stream's reader on its own. */
  poll(): void;
  /** True once every change was delivered, or given up. */
  areEmpty(): boolean;
  /** Positions of the records that a Lambda was given until its tries were used up. */
  lostBy(lambda: LambdaName): readonly string[];
}

/** The tables' streams, each to every Lambda that the stage lets read it. */
export function createStreams(kernel: Kernel, stage: Stage, cloud: Cloud, lambdas: Lambdas): Streams {
  const lost = new Map<LambdaName, string[]>();
  const feeds = stage.deployment.eventSources.map((source) => {
    const reader = stage.lambdaOf.get(source.functionName);
    if (!reader) throw new Error(`The stage has no Lambda ${source.functionName}`);
    const given = lost.get(reader) ?? [];
    lost.set(reader, given);
    return createFeed(source, kernel, (records) => takenOf(lambdas, reader, records), given);
  });
  cloud.onRecord = (table, record) => {
    for (const feed of feeds) if (feed.table === table) feed.take(record);
  };
  return {
    poll() {
      for (const feed of feeds) void feed.deliver();
    },
    areEmpty: () => feeds.every((feed) => feed.isEmpty()),
    lostBy: (lambda) => lost.get(lambda) ?? [],
  };
}

/**
 * One event source mapping: batches in order; what fails comes again from the first failed record on; a batch that
 * fails as a whole is halved, which costs no try; a record that is out of tries is passed over.
 */
function createFeed(
  { table, filters, batchSize, retryAttempts, bisectOnError }: EventSourceModel,
  kernel: Kernel,
  invoke: (records: readonly StreamRecord[]) => Promise<number>,
  lost: string[],
): Feed {
  const waiting: StreamRecord[] = [];
  let isDelivering = false;

  const deliver = async (): Promise<void> => {
    let tries = 0;
    let size = batchSize;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, size);
      const taken = await invoke(batch);
      waiting.splice(0, taken);
      if (taken > 0) {
        [tries, size] = [0, taken === batch.length ? batchSize : batch.length - taken];
        continue;
      }
      if (bisectOnError && batch.length > 1) {
        size = Math.ceil(batch.length / 2);
      } else if (tries >= retryAttempts) {
        lost.push(...waiting.splice(0, batch.length).map(({ dynamodb }) => dynamodb.SequenceNumber));
        [tries, size] = [0, batchSize];
      } else {
        tries += 1;
      }
      await kernel.sleep(Math.min(60_000, 200 * 2 ** tries));
    }
  };

  return {
    table,
    take(record) {
      if (passes(filters, record)) waiting.push(record);
    },
    async deliver() {
      if (isDelivering || waiting.length === 0) return;
      isDelivering = true;
      await deliver();
      isDelivering = false;
    },
    isEmpty: () => waiting.length === 0 && !isDelivering,
  };
}

/** How many records of the batch, from the first on, were taken. */
async function takenOf(
  lambdas: Lambdas,
  reader: LambdaName,
  batch: readonly StreamRecord[],
): Promise<number> {
  const outcome = await lambdas.invoke(reader, { Records: batch }, `stream ${batch.length}`);
  if (!outcome.ok) return 0;
  const { batchItemFailures = [] } = (outcome.output ?? {}) as {
    batchItemFailures?: { itemIdentifier: string }[];
  };
  const failed = batchItemFailures.map(({ itemIdentifier }) =>
    batch.findIndex(({ dynamodb }) => dynamodb.SequenceNumber === itemIdentifier),
  );
  return Math.max(0, Math.min(batch.length, ...failed));
}
