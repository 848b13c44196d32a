import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { JsonFile } from '../json-file.ts';
import type { EventSourceModel } from '../template/event-source-model.ts';
import { type DeliveryPorts, deliver } from './deliver.ts';
import { passes } from './record-filter.ts';
import { findStream, listShards, openShard, type Positions, readShard } from './table-stream.ts';

export const positionsSchema = z.record(z.string(), z.string());

export interface EventSourceOptions {
  /** The engine itself, not a counting proxy: polling is no work of the application. */
  readonly endpoint: string;
  readonly source: EventSourceModel;
  readonly invoke: DeliveryPorts['invoke'];
  readonly sendToQueue: DeliveryPorts['sendToQueue'];
  /** Keeps how far the stream was read between runs. Without it, reading starts at the oldest record. */
  readonly positions?: JsonFile<Positions> | undefined;
  readonly onProblem: (text: string) => void;
}

export interface EventSource {
  /** Waits for the batch that is under way. */
  stop(): Promise<void>;
}

const idleMs = 100;
const problemMs = 1_000;
const recordsPerRead = 1_000;

/**
 * Feeds a Lambda from a table's stream, as the event source mapping of the template says: at least once, each
 * key's changes in order. A batching window is not waited for.
 */
export function startEventSource(options: EventSourceOptions): EventSource {
  const { endpoint, source, invoke, sendToQueue, positions, onProblem } = options;
  let stopped = false;
  const ports: DeliveryPorts = { invoke, sendToQueue, isStopped: () => stopped };
  let read: Record<string, string> = { ...positions?.read() };
  const iterators = new Map<string, string | undefined>();

  const readOnce = async (streamArn: string, shardId: string): Promise<number> => {
    const iterator = iterators.get(shardId) ?? (await openShard(endpoint, streamArn, shardId, read[shardId]));
    const { records, next } = await readShard(endpoint, iterator, recordsPerRead);
    const wanted = records.filter((record) => passes(source.filters, record));
    for (let start = 0; start < wanted.length && !stopped; start += source.batchSize) {
      await deliver(wanted.slice(start, start + source.batchSize), source, ports);
    }
    // A batch that was interrupted comes again at the next start.
    if (stopped) return 0;
    iterators.set(shardId, next);
    const last = records.at(-1)?.dynamodb.SequenceNumber;
    if (last !== undefined) {
      read = { ...read, [shardId]: last };
      positions?.write(read);
    }
    return records.length;
  };

  const run = async (): Promise<void> => {
    const streamArn = await findStream(endpoint, source.table);
    if (streamArn === undefined) {
      onProblem(`This DynamoDB engine has no stream of ${source.table}: nothing is counted.`);
      return;
    }
    while (!stopped) {
      try {
        let found = 0;
        for (const shardId of await listShards(endpoint, streamArn)) {
          if (!stopped) found += await readOnce(streamArn, shardId);
        }
        if (found === 0) await pause(idleMs);
      } catch (error) {
        if (stopped) return;
        onProblem(`Stream of ${source.table}: ${error instanceof Error ? error.message : String(error)}`);
        iterators.clear();
        await pause(problemMs);
      }
    }
  };

  const running = run().catch((error: unknown) => {
    if (!stopped) onProblem(`Stream of ${source.table}: ${String(error)}`);
  });
  return {
    async stop() {
      stopped = true;
      await running;
    },
  };
}
