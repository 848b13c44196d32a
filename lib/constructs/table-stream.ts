import { Duration } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { EventSourceMappingProps } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { ServiceFunction } from './service-function.ts';
import type { TableKey } from './tables.ts';

/** The ARN of a table's stream. @throws Error of a table without one */
export function streamOf({ tables }: DataStack, key: TableKey): string {
  const { tableStreamArn } = tables[key].table;
  if (!tableStreamArn) throw new Error(`The table ${key} has no stream`);
  return tableStreamArn;
}

/**
 * The queue that tells where in a stream the records stand that its consumer gave up.
 * @param lost what these records are, as the end of a sentence
 */
export function streamDeadLetters(scope: Construct, encryptionMasterKey: IKey, lost: string): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    encryption: QueueEncryption.KMS,
    encryptionMasterKey,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', `This is a dead-letter queue: Lambda sends to it where ${lost}.`);
  return queue;
}

/** Lets a Lambda read streams, and tell the queue what it gave up. */
export function allowStreams(
  consumer: ServiceFunction,
  streams: readonly string[],
  deadLetters: IQueue,
): void {
  consumer.allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], streams);
  // Lambda asks for it when the mapping is made, and the action knows no resources.
  consumer.allow(['dynamodb:ListStreams'], ['*']);
  consumer.allow(['sqs:SendMessage'], [deadLetters.queueArn]);
  consumer.allowKeyThrough('sqs');
}

/** What becomes of records that fail: the good ones before them count, and after ten repetitions they are given up. */
export function onFailedRecords(deadLetters: IQueue) {
  return {
    reportBatchItemFailures: true,
    bisectBatchOnError: true,
    retryAttempts: 10,
    onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
  } satisfies Partial<EventSourceMappingProps>;
}
