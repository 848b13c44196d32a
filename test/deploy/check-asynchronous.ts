import { deepEqual, equal, ok } from 'node:assert/strict';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { z } from 'zod';
import { analyticsPrefixes } from '../../lib/analytics-settings.ts';
import { partitionColumn } from '../../lib/constructs/event-columns.ts';
import { callAws, jsonCall } from './aws.ts';
import type { DeployedStage } from './deployed-stage.ts';
import { credentials, type Emulator, region } from './emulator.ts';
import type { Report } from './report.ts';
import { runDays } from './run-days.ts';
import { eventually } from './shopper.ts';
import { stackResources, stacksOf } from './stacks.ts';

/** What goes on behind the API: the analytics stream, the reconciler, and letters that could not be delivered. */
export async function checkAsynchronous(
  report: Report,
  stage: DeployedStage,
  emulator: Emulator,
): Promise<void> {
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);

  const StreamName = stage.output('backend', 'AnalyticsStreamName');
  await check('the analytics stream has the events of paid and of failed orders', async () => {
    await eventually('the events', async () => {
      const types = await eventTypes(emulator, StreamName);
      const hasBoth = types.includes('order.paid') && types.includes('order.failed');
      return { found: hasBoth || undefined, seen: [...new Set(types)].join(', ') };
    });
  });

  await check('Firehose writes every event as Parquet into the folder of its day', async () => {
    const bucket = stage.output('data', 'AnalyticsBucketName');
    // The emulator makes a file of each event, where Firehose gathers them.
    const keys = await eventually('a file of each event', async () => {
      const events = await eventTypes(emulator, StreamName);
      const found = await keysIn(emulator, bucket, analyticsPrefixes.events);
      const seen = `${found.length} files of ${events.length} events`;
      return { found: found.length === events.length ? found : undefined, seen };
    });
    const [first = ''] = keys;
    const folders = runDays().map((day) => `${analyticsPrefixes.events}${partitionColumn}=${day}/`);
    ok(
      folders.some((folder) => first.startsWith(folder)),
      first,
    );
    const file = await callAws(emulator.endpoint, {
      service: 's3',
      method: 'GET',
      path: `/${bucket}/${first}`,
    });
    equal(file.slice(0, 4), 'PAR1');
    deepEqual(await keysIn(emulator, bucket, analyticsPrefixes.errors), []);
  });

  await check('the reconciler runs and finds nothing to repair', async () => {
    const name = stage.output('backend', 'ReconcilerFunctionName');
    const text = await callAws(emulator.endpoint, {
      service: 'lambda',
      path: `/2015-03-31/functions/${name}/invocations`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ task: 'reconcile' }),
    });
    ok(!text.includes('errorMessage'), text);
    const counts = z.record(z.string(), z.number()).parse(JSON.parse(text));
    deepEqual([...new Set(Object.values(counts))], [0], text);
  });

  await check('every queue is empty in the end, and no dead-letter queue has a message', async () => {
    const [, backend = ''] = stacksOf(stage.name);
    const queues = (await stackResources(emulator, backend)).filter(({ type }) => type === 'AWS::SQS::Queue');
    const deadLetters = Object.entries(stage.outputs('backend')).filter(([name]) =>
      name.endsWith('DeadLetterQueueUrl'),
    );
    ok(deadLetters.length > 3, `only ${deadLetters.length} dead-letter queues in the outputs`);
    ok(queues.length > deadLetters.length, `only ${queues.length} queues in the stack`);
    for (const { logicalId, physicalId } of queues) {
      // What a delivery failed at is hidden for a while, but counted all the same.
      await eventually(`the end of the messages in ${logicalId}`, async () => {
        const messages = await messagesIn(emulator, physicalId);
        return { found: messages === 0 || undefined, seen: `${messages} messages` };
      });
    }
    for (const [name, url] of deadLetters) equal(await messagesIn(emulator, url), 0, name);
  });
}

/** As Firehose names its folders. */

async function eventTypes({ endpoint }: Emulator, StreamName: string): Promise<string[]> {
  const client = new KinesisClient({ endpoint, region, credentials });
  try {
    const types: string[] = [];
    const { Shards = [] } = await client.send(new ListShardsCommand({ StreamName }));
    for (const { ShardId } of Shards) {
      const ShardIteratorType = 'TRIM_HORIZON';
      const start = new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType });
      const { ShardIterator } = await client.send(start);
      const { Records = [] } = await client.send(new GetRecordsCommand({ ShardIterator }));
      for (const { Data } of Records) {
        const event: unknown = JSON.parse(Buffer.from(Data ?? []).toString('utf8'));
        types.push(z.object({ type: z.string() }).parse(event).type);
      }
    }
    return types;
  } finally {
    client.destroy();
  }
}

async function keysIn({ endpoint }: Emulator, bucket: string, prefix: string): Promise<string[]> {
  const path = `/${bucket}?list-type=2&prefix=${prefix}`;
  const text = await callAws(endpoint, { service: 's3', method: 'GET', path });
  return [...text.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key);
}

const attributesSchema = z.object({
  Attributes: z.object({
    ApproximateNumberOfMessages: z.coerce.number(),
    ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
    ApproximateNumberOfMessagesDelayed: z.coerce.number(),
  }),
});

/** All of a queue's messages, those that somebody works on included. */
async function messagesIn({ endpoint }: Emulator, QueueUrl: string): Promise<number> {
  const input = { QueueUrl, AttributeNames: ['All'] };
  const text = await callAws(endpoint, jsonCall('sqs', 'AmazonSQS.GetQueueAttributes', input, '1.0'));
  const counts = Object.values(attributesSchema.parse(JSON.parse(text)).Attributes);
  return counts.reduce((sum, count) => sum + count, 0);
}
