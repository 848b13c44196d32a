import { z } from 'zod';
import { callStreams } from '../dynamodb/raw-client.ts';

const recordSchema = z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) });
export type StreamRecord = z.infer<typeof recordSchema>;

const listSchema = z.object({ Streams: z.array(z.object({ StreamArn: z.string() })) });
const shardsSchema = z.object({
  StreamDescription: z.object({ Shards: z.array(z.object({ ShardId: z.string() })).default([]) }),
});
const iteratorSchema = z.object({ ShardIterator: z.string() });
const recordsSchema = z.object({
  Records: z.array(recordSchema).default([]),
  NextShardIterator: z.string().optional(),
});

/** Sequence number of the last record taken, by shard. */
export type Positions = Readonly<Record<string, string>>;

/** The newest stream of a table; undefined when the engine has none. */
export async function findStream(endpoint: string, table: string): Promise<string | undefined> {
  const { Streams } = listSchema.parse(await callStreams(endpoint, 'ListStreams', { TableName: table }));
  return Streams.at(-1)?.StreamArn;
}

export async function listShards(endpoint: string, streamArn: string): Promise<string[]> {
  const described = await callStreams(endpoint, 'DescribeStream', { StreamArn: streamArn });
  return shardsSchema.parse(described).StreamDescription.Shards.map(({ ShardId }) => ShardId);
}

/** Iterator behind the position; at the oldest record without one, or when that record is no longer kept. */
export async function openShard(
  endpoint: string,
  streamArn: string,
  shardId: string,
  position: string | undefined,
): Promise<string> {
  const shard = { StreamArn: streamArn, ShardId: shardId };
  const oldest = { ...shard, ShardIteratorType: 'TRIM_HORIZON' };
  const behind = { ...shard, ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position };
  const answer =
    position === undefined
      ? await callStreams(endpoint, 'GetShardIterator', oldest)
      : await callStreams(endpoint, 'GetShardIterator', behind).catch(() =>
          callStreams(endpoint, 'GetShardIterator', oldest),
        );
  return iteratorSchema.parse(answer).ShardIterator;
}

export async function readShard(
  endpoint: string,
  iterator: string,
  limit: number,
): Promise<{ records: StreamRecord[]; next: string | undefined }> {
  const answer = await callStreams(endpoint, 'GetRecords', { ShardIterator: iterator, Limit: limit });
  const { Records, NextShardIterator } = recordsSchema.parse(answer);
  return { records: Records, next: NextShardIterator };
}
