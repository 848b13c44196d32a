import {
  GetQueueAttributesCommand,
  ListDeadLetterSourceQueuesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it } from 'vitest';
import { moveBack } from '../../../operations/redrive/queues.ts';
import type { Target } from '../../../operations/support/target.ts';

it('moves messages back to the queue they came from, so slowly that there is room for new ones', async () => {
  const sqs = mockClient(SQSClient);
  sqs.on(ListDeadLetterSourceQueuesCommand).resolves({ queueUrls: ['https://sqs/email'] });
  sqs
    .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/dead' })
    .resolves({ Attributes: { QueueArn: 'dead' } });
  sqs
    .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/email' })
    .resolves({ Attributes: { QueueArn: 'email' } });
  sqs.on(StartMessageMoveTaskCommand).resolves({});
  const target = { queues: new SQSClient({ region: 'us-east-1' }) } as unknown as Target;
  expect(await moveBack(target, { name: 'Email', url: 'https://sqs/dead', depth: 1 })).toBe(true);
  const { MaxNumberOfMessagesPerSecond, ...arns } =
    sqs.commandCalls(StartMessageMoveTaskCommand)[0]?.args[0].input ?? {};
  expect(arns).toEqual({ SourceArn: 'dead', DestinationArn: 'email' });
  expect(MaxNumberOfMessagesPerSecond).toBeLessThanOrEqual(10);
});
