import { z } from 'zod';
import type { QueueMessage, Stores } from '../aws/stores.ts';
import type { InvocationResult } from '../lambda/protocol.ts';
import type { QueueModel, QueueSourceModel } from '../template/messaging-model.ts';

export interface QueueSourceOptions {
  readonly source: QueueSourceModel;
  readonly queue: QueueModel;
  readonly stores: Stores;
  readonly invoke: (functionRef: string, event: unknown) => Promise<InvocationResult>;
  /** Multiplies the time for which a failed message stays invisible; 1 is as on AWS. */
  readonly timeScale: number;
}

const answerSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).default([]),
});

/**
 * Feeds a Lambda from a queue, as the event source mapping says: in batches, what fails again after the queue's
 * visibility time-out, and to the dead-letter queue once it has been received too often.
 * @returns stops it, and waits for the batches that are under way
 */
export function startQueueSource(options: QueueSourceOptions): () => Promise<void> {
  const { source, queue, stores, timeScale } = options;
  const waiting = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let stopped = false;

  const later = (message: QueueMessage): void => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      stores.putBack(source.queue, message);
    }, queue.visibilityMs * timeScale).unref();
    waiting.add(timer);
  };

  const take = (): void => {
    const messages = stores.queue(source.queue);
    while (!stopped && messages.length > 0 && running.size < source.concurrency) {
      const batch = messages.splice(0, source.batchSize).map(received);
      const handled = handle(batch, options, later).finally(() => {
        running.delete(handled);
        take();
      });
      running.add(handled);
    }
  };
  stores.onArrival(source.queue, () => setImmediate(take));

  return async () => {
    stopped = true;
    for (const timer of waiting) clearTimeout(timer);
    await Promise.all(running);
  };
}

function received(message: QueueMessage): QueueMessage {
  return { ...message, receives: (message.receives ?? 0) + 1 };
}

async function handle(
  batch: readonly QueueMessage[],
  { source, queue, stores, invoke }: QueueSourceOptions,
  later: (message: QueueMessage) => void,
): Promise<void> {
  const Records = batch.map((message) => record(message, source.queueArn));
  const result = await invoke(source.functionRef, { Records });
  const failed = failedOf(result, source, batch);
  for (const message of batch.filter(({ id }) => failed.has(id))) {
    const { redrive } = queue;
    if (redrive && (message.receives ?? 0) >= redrive.maximumReceives)
      stores.send(redrive.deadLetters, message.body);
    else later(message);
  }
}

/** Ids of what comes again: all when the Lambda failed, or names a message that it was not given. */
function failedOf(
  result: InvocationResult,
  { reportsFailures }: QueueSourceModel,
  batch: readonly QueueMessage[],
): ReadonlySet<string> {
  const all = new Set(batch.map(({ id }) => id));
  if (!result.ok) return all;
  if (!reportsFailures) return new Set();
  const answer = answerSchema.safeParse(result.payload ?? {});
  if (!answer.success) return all;
  const named = answer.data.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return named.every((id) => all.has(id)) ? new Set(named) : all;
}

function record({ id, body, receives }: QueueMessage, eventSourceARN: string): object {
  return {
    messageId: id,
    receiptHandle: id,
    body,
    attributes: { ApproximateReceiveCount: String(receives) },
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: 'us-east-1',
  };
}
