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
import { eventually } from './shopper.ts';

/** What goes on behind the API: the analytics stream, the reconciler, and letters that could not be delivered. */
export async function checkAsynchronous(
  report: Report,
  stage: DeployedStage,
  emulator: Emulator,
): Promise<void> {
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);

  await check('the analytics stream has the events of paid and of failed orders', async () => {
    const StreamName = stage.output('backend', 'AnalyticsStreamName');
    await eventually('the events', async () => {
      const types = await eventTypes(emulator, StreamName);
      const hasBoth = types.includes('order.paid') && types.includes('order.failed');
      return { found: hasBoth || undefined, seen: [...new Set(types)].join(', ') };
    });
  });

  await check('Firehose writes every event as Parquet into the folder of its day', async () => {
    const bucket = stage.output('data', 'AnalyticsBucketName');
    const keys = await eventually('a file of events', async () => {
      const found = await keysIn(emulator, bucket, analyticsPrefixes.events);
      return { found: found.length > 0 ? found : undefined, seen: 'none' };
    });
    const [first = ''] = keys;
    ok(first.startsWith(`${analyticsPrefixes.events}${partitionColumn}=${today()}/`), first);
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

  await check('no dead-letter queue has a message', async () => {
    const queues = Object.entries(stage.outputs('backend')).filter(([name]) =>
      name.endsWith('DeadLetterQueueUrl'),
    );
    ok(queues.length > 3, `only ${queues.length} dead-letter queues in the outputs`);
    for (const [name, url] of queues) equal(await messagesIn(emulator, url), 0, name);
  });
}

/** As Firehose names its folders. */
const today = () => new Date().toISOString().slice(0, 10);

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

async function messagesIn({ endpoint }: Emulator, QueueUrl: string): Promise<number> {
  const input = { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] };
  const text = await callAws(endpoint, jsonCall('sqs', 'AmazonSQS.GetQueueAttributes', input, '1.0'));
  const schema = z.object({ Attributes: z.object({ ApproximateNumberOfMessages: z.coerce.number() }) });
  return schema.parse(JSON.parse(text)).Attributes.ApproximateNumberOfMessages;
}
