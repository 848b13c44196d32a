import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type QueueModel, queueName } from '../template/messaging-model.ts';
import { localAccountId, localRegion } from '../template/names.ts';
import { type JsonOperations, operation } from './json-services.ts';
import type { Stores } from './stores.ts';

const nameIn = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** SQS, as far as it looks into dead-letter queues and moves their messages back. */
export function deadLetterOperations(stores: Stores, queues: readonly QueueModel[]): JsonOperations {
  const sourcesOf = (name: string) => queues.filter(({ redrive }) => redrive?.deadLetters === name);
  return {
    'AmazonSQS.GetQueueAttributes': operation(z.object({ QueueUrl: z.string() }), ({ QueueUrl }) => ({
      Attributes: {
        ApproximateNumberOfMessages: String(stores.queue(QueueUrl).length),
        QueueArn: `arn:aws:sqs:${localRegion}:${localAccountId}:${nameIn(QueueUrl)}`,
      },
    })),
    'AmazonSQS.ListDeadLetterSourceQueues': operation(z.object({ QueueUrl: z.string() }), ({ QueueUrl }) => ({
      queueUrls: sourcesOf(nameIn(QueueUrl)).map(({ name }) => QueueUrl.replace(/[^/]+$/, name)),
    })),
    'AmazonSQS.StartMessageMoveTask': operation(
      z.object({ SourceArn: z.string(), DestinationArn: z.string() }),
      ({ SourceArn, DestinationArn }) => {
        const messages = stores.queue(queueName(SourceArn));
        for (const { body } of messages.splice(0, messages.length)) {
          stores.send(queueName(DestinationArn), body);
        }
        return { TaskHandle: randomUUID() };
      },
    ),
  };
}
