import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { QueueModel } from '../template/messaging-model.ts';
import { AwsError } from './aws-error.ts';
import { deadLetterOperations } from './dead-letters.ts';
import { sendEmail } from './ses.ts';
import type { Stores } from './stores.ts';

/** One operation of a JSON-protocol service: parsed input to output. */
export type JsonOperation = (input: unknown) => unknown;
export type JsonOperations = Readonly<Record<string, JsonOperation>>;

export interface SimpleServices {
  readonly stores: Stores;
  readonly streamNames: readonly string[];
  /** Secret text by ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Queues with where their dead letters go; needed by who lists or moves those. */
  readonly queues?: readonly QueueModel[];
}

/** Ties an input schema to an operation; what does not fit answers ValidationException. */
export function operation<S extends z.ZodType>(
  schema: S,
  run: (input: z.output<S>) => unknown,
): JsonOperation {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (!parsed.success) throw new AwsError('ValidationException', z.prettifyError(parsed.error));
    return run(parsed.data);
  };
}

const streamOf = (given: { StreamName?: string | undefined; StreamARN?: string | undefined }): string =>
  given.StreamName ?? given.StreamARN?.split('/').at(-1) ?? '';
const stream = { StreamName: z.string().optional(), StreamARN: z.string().optional() };
const record = { Data: z.base64(), PartitionKey: z.string() };

/** Kinesis, Secrets Manager and SQS, keyed by their X-Amz-Target; and SES's one operation. */
export function simpleOperations({
  stores,
  streamNames,
  secrets,
  queues = [],
}: SimpleServices): JsonOperations {
  const put = (name: string, data: string, partitionKey: string) => {
    if (!streamNames.includes(name))
      throw new AwsError('ResourceNotFoundException', `Stream ${name} under account 000000000000 not found.`);
    const text = Buffer.from(data, 'base64').toString('utf8');
    const { sequenceNumber } = stores.putRecord(name, partitionKey, text);
    return { SequenceNumber: sequenceNumber, ShardId: 'shardId-000000000000' };
  };

  return {
    'Kinesis_20131202.PutRecord': operation(z.object({ ...stream, ...record }), (input) =>
      put(streamOf(input), input.Data, input.PartitionKey),
    ),
    'Kinesis_20131202.PutRecords': operation(
      z.object({ ...stream, Records: z.array(z.object(record)) }),
      (input) => ({
        FailedRecordCount: 0,
        Records: input.Records.map(({ Data, PartitionKey }) => put(streamOf(input), Data, PartitionKey)),
      }),
    ),
    'secretsmanager.GetSecretValue': operation(z.object({ SecretId: z.string() }), ({ SecretId }) => {
      const SecretString = secrets.get(SecretId);
      if (SecretString === undefined)
        throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
      return {
        ARN: SecretId,
        Name: SecretId.split(':').at(-1),
        VersionId: 'local',
        SecretString,
        VersionStages: ['AWSCURRENT'],
      };
    }),
    'SES.SendEmail': (input) => sendEmail(input, stores),
    'AmazonSQS.SendMessage': operation(
      z.object({ QueueUrl: z.string(), MessageBody: z.string() }),
      ({ QueueUrl, MessageBody }) => stores.send(QueueUrl, MessageBody),
    ),
    'AmazonSQS.ReceiveMessage': operation(
      z.object({ QueueUrl: z.string(), MaxNumberOfMessages: z.number().default(1) }),
      ({ QueueUrl, MaxNumberOfMessages }) => ({
        Messages: stores
          .queue(QueueUrl)
          .slice(0, MaxNumberOfMessages)
          .map(({ id, body }) => ({
            MessageId: id,
            ReceiptHandle: id,
            Body: body,
            MD5OfBody: createHash('md5').update(body).digest('hex'),
          })),
      }),
    ),
    ...deadLetterOperations(stores, queues),
    'AmazonSQS.DeleteMessage': operation(
      z.object({ QueueUrl: z.string(), ReceiptHandle: z.string() }),
      ({ QueueUrl, ReceiptHandle }) => {
        const queue = stores.queue(QueueUrl);
        const index = queue.findIndex(({ id }) => id === ReceiptHandle);
        if (index >= 0) queue.splice(index, 1);
        return {};
      },
    ),
  };
}
