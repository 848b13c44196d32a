import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { InvocationResult } from '../lambda/protocol.ts';
import type { EventSourceModel } from '../template/event-source-model.ts';
import type { StreamRecord } from './table-stream.ts';

export interface DeliveryPorts {
  readonly invoke: (functionRef: string, event: unknown) => Promise<InvocationResult>;
  readonly sendToQueue: (queue: string, body: string) => unknown;
  readonly isStopped: () => boolean;
}

const answerSchema = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).default([]),
});
const firstDelayMs = 50;
const maximumDelayMs = 1_000;

/**
 * Hands a batch over until each record was taken or given up, in order, as Lambda does it for a stream: what fails
 * comes again from the first failed record on; a batch that fails as a whole is halved, which costs no try; a
 * record out of tries is told to the queue and passed over.
 */
export async function deliver(
  records: readonly StreamRecord[],
  source: EventSourceModel,
  ports: DeliveryPorts,
): Promise<void> {
  let open = records;
  let size = records.length;
  for (let tries = 0; open.length > 0 && !ports.isStopped(); ) {
    const batch = open.slice(0, size);
    const taken = await takenOf(batch, source, ports);
    open = open.slice(taken);
    if (taken === batch.length) {
      tries = 0;
      size = open.length;
    } else if (taken > 0) {
      // Progress: the rest is a new batch, at the record that failed.
      tries = 0;
      size = Math.max(1, Math.min(batch.length - taken, open.length));
    } else if (source.bisectOnError && batch.length > 1) {
      size = Math.ceil(batch.length / 2);
    } else if (tries >= source.retryAttempts) {
      giveUp(batch, source, ports);
      open = open.slice(batch.length);
      tries = 0;
      size = open.length;
    } else {
      await pause(Math.min(maximumDelayMs, firstDelayMs * 2 ** tries));
      tries += 1;
    }
  }
}

/** How many records of the batch, from the first on, the Lambda has taken. */
async function takenOf(
  batch: readonly StreamRecord[],
  source: EventSourceModel,
  ports: DeliveryPorts,
): Promise<number> {
  const result = await ports.invoke(source.functionRef, { Records: batch });
  if (!result.ok) return 0;
  if (!source.reportsFailures) return batch.length;
  const answer = answerSchema.safeParse(result.payload ?? {});
  if (!answer.success) return 0;
  const positions = answer.data.batchItemFailures.map(({ itemIdentifier }) =>
    // An identifier that no record has fails the batch as a whole.
    Math.max(
      0,
      batch.findIndex((record) => record.dynamodb.SequenceNumber === itemIdentifier),
    ),
  );
  return Math.min(batch.length, ...positions);
}

/** The message names where the records stand, not what they are, as on AWS. */
function giveUp(batch: readonly StreamRecord[], source: EventSourceModel, ports: DeliveryPorts): void {
  if (source.onFailure === undefined) return;
  const body = {
    requestContext: { functionArn: source.functionRef, condition: 'RetryAttemptsExhausted' },
    DDBStreamBatchInfo: {
      startSequenceNumber: batch[0]?.dynamodb.SequenceNumber,
      endSequenceNumber: batch.at(-1)?.dynamodb.SequenceNumber,
      batchSize: batch.length,
    },
  };
  ports.sendToQueue(queueName(source.onFailure), JSON.stringify(body));
}

/** An ARN ends with the queue's name. */
function queueName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
