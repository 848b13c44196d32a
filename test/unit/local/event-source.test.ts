import { afterEach, describe, expect, it } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/engine.ts';
import { callDynamoDb } from '../../../local/dynamodb/raw-client.ts';
import { createTables } from '../../../local/dynamodb/tables.ts';
import type { InvocationResult } from '../../../local/lambda/protocol.ts';
import { startEventSource } from '../../../local/streams/event-source.ts';
import { passes } from '../../../local/streams/record-filter.ts';
import { type EventSourceModel, readEventSource } from '../../../local/template/event-source-model.ts';
import { eventually } from '../../support/local-stack.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const mapping = {
  EventSourceArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/things/stream/local',
  FunctionName: 'Counter',
  BatchSize: 3,
  MaximumRetryAttempts: 2,
  BisectBatchOnFunctionError: true,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  FilterCriteria: { Filters: [{ Pattern: '{"dynamodb":{"Keys":{"sk":{"S":["ORDER"]}}}}' }] },
  DestinationConfig: { OnFailure: { Destination: 'arn:aws:sqs:us-east-1:000000000000:Dead' } },
};

interface Event {
  Records: { dynamodb: { SequenceNumber: string; Keys: { pk: { S: string } } } }[];
}
type Handler = (ids: string[]) => InvocationResult;
const taken: InvocationResult = { ok: true, payload: { batchItemFailures: [] } };
const fault: InvocationResult = { ok: false, error: { errorType: 'Error', errorMessage: 'no' } };

/** A table with a stream, and a Lambda behind it that sees the ids of each batch. */
async function open(handler: Handler, source: EventSourceModel = readEventSource(mapping)) {
  const engine = await startDynamoDb(undefined);
  stops.push(() => engine.stop());
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
  await createTables(engine.endpoint, [
    {
      name: 'things',
      properties: {
        AttributeDefinitions: [text('pk'), text('sk')],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    },
  ]);
  const batches: string[][] = [];
  const dead: string[] = [];
  const put = (id: string, sk = 'ORDER') =>
    callDynamoDb(engine.endpoint, 'PutItem', {
      TableName: 'things',
      Item: { pk: { S: id }, sk: { S: sk }, at: { S: String(Math.random()) } },
    });
  const start = () => {
    const started = startEventSource({
      endpoint: engine.endpoint,
      source,
      onProblem: (problem) => dead.push(problem),
      sendToQueue: (queue, body) => dead.push(`${queue} ${body}`),
      invoke: async (_, event) => {
        const { Records } = event as Event;
        const ids = Records.map((record) => record.dynamodb.Keys.pk.S);
        batches.push(ids);
        return handler(Records.map(({ dynamodb }) => `${dynamodb.Keys.pk.S}@${dynamodb.SequenceNumber}`));
      },
    });
    stops.push(() => started.stop());
  };
  return { put, start, batches, dead };
}
const has = <T>(list: readonly T[], count: number) =>
  eventually(() => (list.length >= count ? list : undefined));

describe('the event source of a stream', () => {
  it('hands over changes in order, in batches, and only those that pass the filter', async () => {
    const { put, start, batches, dead } = await open(() => taken);
    for (const id of ['a', 'b', 'c', 'd']) await put(id);
    await put('x', 'PAYMENT');
    start();
    await has(batches, 2);
    await put('a');
    await has(batches, 3);
    expect(batches).toEqual([['a', 'b', 'c'], ['d'], ['a']]);
    expect(dead).toEqual([]);
  });

  it('hands over again from the first record that failed on', async () => {
    let failures = 1;
    const { put, start, batches } = await open((ids) => {
      const second = ids.find((id) => id.startsWith('b@'));
      if (!second || failures-- <= 0) return taken;
      return { ok: true, payload: { batchItemFailures: [{ itemIdentifier: second.split('@')[1] }] } };
    });
    for (const id of ['a', 'b', 'c']) await put(id);
    start();
    await has(batches, 2);
    expect(batches).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('halves a batch that fails, gives up the record at fault after its tries, and goes on behind it', async () => {
    const { put, start, batches, dead } = await open((ids) =>
      ids.some((id) => id.startsWith('b@')) ? fault : taken,
    );
    for (const id of ['a', 'b', 'c', 'd']) await put(id);
    start();
    await eventually(() => (batches.flat().includes('d') ? true : undefined));
    expect(batches.filter((batch) => batch.join() === 'b')).toHaveLength(3);
    expect(batches.flat()).toContain('c');
    expect(dead).toHaveLength(1);
    expect(dead[0]).toMatch(/^Dead .*"condition":"RetryAttemptsExhausted".*"batchSize":1/);
    expect(dead[0]).not.toContain('NewImage');
  });

  it('is read from a mapping, and refused for sources that are no table', () => {
    expect(readEventSource(mapping)).toMatchObject({
      table: 'things',
      functionRef: 'Counter',
      functionName: 'Counter',
      retryAttempts: 2,
    });
    const kinesis = { ...mapping, EventSourceArn: 'arn:aws:kinesis:us-east-1:0:stream/clicks' };
    expect(() => readEventSource(kinesis)).toThrow('cannot feed a Lambda from');
  });
});

describe('a filter pattern', () => {
  it('matches exact values, and says so when asked for more', () => {
    expect(passes([], {})).toBe(true);
    expect(passes([{ a: ['x', 'y'] }], { a: 'y' })).toBe(true);
    expect(passes([{ a: ['x'] }, { b: ['z'] }], { a: 'q' })).toBe(false);
    expect(() => passes([{ a: [{ prefix: 'x' }] }], { a: 'x' })).toThrow('prefix');
  });

  it('asks whether there is a leaf, be it below what is not there', () => {
    const there = { a: { b: { S: [{ exists: true }] } } };
    const missing = { a: { b: { S: [{ exists: false }] } } };
    for (const record of [{}, { a: {} }, { a: { b: { N: '1' } } }]) {
      expect([passes([there], record), passes([missing], record)]).toEqual([false, true]);
    }
    const record = { a: { b: { S: '' } } };
    expect([passes([there], record), passes([missing], record)]).toEqual([true, false]);
    // As on AWS, what has members of its own is no leaf.
    expect(passes([{ a: { b: [{ exists: true }] } }], record)).toBe(false);
  });
});
