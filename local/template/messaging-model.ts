import { z } from 'zod';

/** A queue that moves to another what has been received too often. */
export interface QueueModel {
  readonly name: string;
  readonly visibilityMs: number;
  readonly redrive?: { readonly deadLetters: string; readonly maximumReceives: number };
}

/** An AWS::SNS::Subscription of a queue. */
export interface SubscriptionModel {
  readonly topicArn: string;
  readonly queue: string;
  /** Values that each named attribute must have one of. */
  readonly filter: Readonly<Record<string, readonly string[]>>;
}

/** An AWS::Lambda::EventSourceMapping of a queue. */
export interface QueueSourceModel {
  readonly queue: string;
  readonly queueArn: string;
  readonly functionRef: string;
  readonly functionName: string;
  readonly batchSize: number;
  readonly reportsFailures: boolean;
  /** Batches that are handled at one moment. */
  readonly concurrency: number;
}

/** An ARN ends with the queue's name. */
export const queueName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

const queueSchema = z.looseObject({
  VisibilityTimeout: z.coerce.number().default(30),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.coerce.number() }).optional(),
});

export function readQueue(name: string, properties: unknown): QueueModel {
  const { VisibilityTimeout, RedrivePolicy } = queueSchema.parse(properties);
  return {
    name,
    visibilityMs: VisibilityTimeout * 1000,
    ...(RedrivePolicy
      ? {
          redrive: {
            deadLetters: queueName(RedrivePolicy.deadLetterTargetArn),
            maximumReceives: RedrivePolicy.maxReceiveCount,
          },
        }
      : {}),
  };
}

const subscriptionSchema = z.looseObject({
  Protocol: z.string(),
  TopicArn: z.string(),
  Endpoint: z.string(),
  RawMessageDelivery: z.boolean().default(false),
  FilterPolicy: z.record(z.string(), z.array(z.string())).default({}),
});

/**
 * Subscriptions of queues; mailboxes of operators are for AWS alone.
 * @throws Error on a queue that wants SNS's own envelope round the message
 */
export function readSubscriptions(properties: unknown): SubscriptionModel[] {
  const given = subscriptionSchema.parse(properties);
  if (given.Protocol !== 'sqs') return [];
  if (!given.RawMessageDelivery) throw new Error(`${given.Endpoint} is not given messages as they are.`);
  return [{ topicArn: given.TopicArn, queue: queueName(given.Endpoint), filter: given.FilterPolicy }];
}

const mappingSchema = z.looseObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  BatchSize: z.coerce.number().default(10),
  FunctionResponseTypes: z.array(z.string()).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number() }).optional(),
});

export function isQueueMapping(properties: unknown): boolean {
  return /^arn:[^:]*:sqs:/.test(mappingSchema.parse(properties).EventSourceArn);
}

export function readQueueSource(properties: unknown): QueueSourceModel {
  const given = mappingSchema.parse(properties);
  return {
    queue: queueName(given.EventSourceArn),
    queueArn: given.EventSourceArn,
    functionRef: given.FunctionName,
    functionName: given.FunctionName.replace(/^arn:.*:function:/, '').replace(/:.*$/, ''),
    batchSize: given.BatchSize,
    reportsFailures: given.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    concurrency: given.ScalingConfig?.MaximumConcurrency ?? 5,
  };
}
