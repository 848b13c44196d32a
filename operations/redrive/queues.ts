import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListDeadLetterSourceQueuesCommand,
  ReceiveMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import type { Target } from '../support/target.ts';

/** A dead-letter queue of the stage, named by its output. */
export interface DeadLetterQueue {
  /** e.g. `Checkout` */
  readonly name: string;
  readonly url: string;
  /** About so many: SQS counts them as it goes. */
  readonly depth: number;
}

const suffix = 'DeadLetterQueueUrl';
const messagesPerCall = 10;
/** Slow enough that what comes back leaves room for what is new, such as login codes. */
const movedPerSecond = 5;
/** Long enough to work a batch off, short enough to see what failed again soon. */
const hiddenSeconds = 120;

/** Every queue whose URL the stage tells under a name that ends with DeadLetterQueueUrl. */
export async function deadLetterQueues({ queues, outputs }: Target): Promise<DeadLetterQueue[]> {
  const named = Object.entries(outputs).filter(([name]) => name.endsWith(suffix));
  return Promise.all(
    named.map(async ([name, url]) => {
      const { Attributes } = await queues.send(
        new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages'] }),
      );
      const depth = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
      return { name: name.slice(0, -suffix.length), url, depth };
    }),
  );
}

/**
 * Hands every message to `work`, and deletes it once that has come through. A message that fails stays, and is seen
 * again by the next redrive.
 * @returns how many were done, what went wrong with the others, and what there is to say of those that were done
 */
export async function drain(
  { queues }: Target,
  { url }: DeadLetterQueue,
  work: (body: string) => Promise<readonly string[]>,
): Promise<{ done: number; failures: string[]; notes: string[] }> {
  const seen = new Set<string>();
  const failures: string[] = [];
  const notes: string[] = [];
  let done = 0;
  for (;;) {
    const { Messages = [] } = await queues.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: messagesPerCall,
        VisibilityTimeout: hiddenSeconds,
        WaitTimeSeconds: 1,
      }),
    );
    const fresh = Messages.filter(({ MessageId = '' }) => !seen.has(MessageId));
    if (fresh.length === 0) return { done, failures, notes };
    for (const { MessageId = '', Body = '', ReceiptHandle } of fresh) {
      seen.add(MessageId);
      try {
        notes.push(...(await work(Body)));
        await queues.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
        done += 1;
      } catch (error) {
        failures.push(`${MessageId}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
}

/**
 * Lets SQS move everything to the queue whose dead letters these are; it is named, as a topic may have put some here
 * itself.
 * @returns false when it is no queue's, or that of several
 */
export async function moveBack({ queues }: Target, { url }: DeadLetterQueue): Promise<boolean> {
  const { queueUrls = [] } = await queues.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: url }));
  const [source, ...others] = queueUrls;
  if (source === undefined || others.length > 0) return false;
  const arnOf = async (QueueUrl: string) => {
    const attributes = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
    return (await queues.send(attributes)).Attributes?.QueueArn;
  };
  const [SourceArn, DestinationArn] = await Promise.all([arnOf(url), arnOf(source)]);
  const MaxNumberOfMessagesPerSecond = movedPerSecond;
  await queues.send(
    new StartMessageMoveTaskCommand({ SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond }),
  );
  return true;
}
