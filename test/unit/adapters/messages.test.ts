import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { track } from '../../../lambdas/analytics/track.ts';
import { notify } from '../../../lambdas/notification/notify.ts';
import { createKinesisStream } from '../../../shared/adapters/kinesis-stream.ts';
import { createSnsNotifier } from '../../../shared/adapters/sns-notifier.ts';
import { TransientError } from '../../../shared/errors.ts';
import { testEffects } from '../../support/effects.ts';

const sns = mockClient(SNSClient);
const kinesis = mockClient(KinesisClient);
const topics = { order: 'arn:aws:sns:us-east-1:000000000000:orders' };
const { clock } = testEffects();
const throttle = Object.assign(new Error('slow down'), { name: 'ThrottlingException', $fault: 'client' });

beforeEach(() => {
  sns.reset();
  kinesis.reset();
  sns.on(PublishCommand).resolves({});
  kinesis.on(PutRecordCommand).resolves({});
});

describe('a notification', () => {
  const notifier = createSnsNotifier(topics, new SNSClient({ region: 'us-east-1' }));
  const done = new Set<string>();
  const once = {
    claim: async (key: string) => (done.has(key) ? ('done' as const) : ('claimed' as const)),
    complete: async (key: string) => {
      done.add(key);
    },
    release: async () => undefined,
  };
  beforeEach(() => done.clear());
  const send = (input: object) => notify({ notifier, once, clock })(input);
  const published = () => sns.commandCalls(PublishCommand).map(({ args }) => args[0].input);
  const paid = { orderId: 'order-1', userId: 'user-1', type: 'order_confirmation', outcome: 'allocated' };

  test('names user and order, and nothing by which the user could be reached', async () => {
    const total = { amount: 1999, currency: 'USD' };
    await send({
      ...paid,
      total,
      email: 'ann@example.com',
      address: { line1: '1 Main St' },
      phone: '+14155550100',
    });
    expect(published()).toEqual([
      {
        TopicArn: topics.order,
        Message: JSON.stringify({
          notificationId: 'order-1#order_confirmation',
          topic: 'order',
          role: 'Customer',
          orderId: 'order-1',
          userId: 'user-1',
          type: 'order_confirmation',
          data: { total: '1999', currency: 'USD' },
        }),
        MessageAttributes: {
          channel: { DataType: 'String.Array', StringValue: '["email","sms","push"]' },
          role: { DataType: 'String', StringValue: 'Customer' },
          type: { DataType: 'String', StringValue: 'order_confirmation' },
        },
      },
    ]);
  });

  test('says that only a part came, or why nothing did', async () => {
    await send({ ...paid, outcome: 'partial' });
    await send({ ...paid, type: 'order_failed', outcome: undefined, failureCode: 'payment_declined' });
    const messages = published().map(({ Message = '' }) => JSON.parse(Message));
    expect(messages).toMatchObject([
      { type: 'order_partial' },
      { type: 'order_failed', data: { failureCode: 'payment_declined' } },
    ]);
  });

  test('is sent once', async () => {
    await send(paid);
    await send(paid);
    expect(published()).toHaveLength(1);
  });

  test('that the topic does not take now is sent by the next attempt', async () => {
    sns.on(PublishCommand).rejectsOnce(throttle).resolves({});
    await expect(send(paid)).rejects.toThrow(TransientError);
    await send(paid);
    expect(published()).toHaveLength(2);
  });

  test('for a topic that the Lambda was not given is a defect', async () => {
    const message = { ...JSON.parse('{}'), topic: 'user' as const };
    await expect(notifier.publish({ ...message })).rejects.toThrow('no topic for user');
  });
});

describe('an analytics event', () => {
  const put = track(createKinesisStream('events', new KinesisClient({ region: 'us-east-1' })), clock);
  const records = () => kinesis.commandCalls(PutRecordCommand).map(({ args }) => args[0].input);
  const read = (data: Uint8Array | undefined) => Buffer.from(data ?? []).toString('utf8');

  test('is one line of JSON under its order, without personal data', async () => {
    await put({
      orderId: 'order-1',
      userId: 'user-1',
      type: 'order.paid',
      outcome: 'allocated',
      total: { amount: 1999, currency: 'USD' },
      email: 'ann@example.com',
    });
    const [record] = records();
    expect(record).toMatchObject({ StreamName: 'events', PartitionKey: 'order-1' });
    const line = read(record?.Data);
    expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(line)).toEqual({
      schemaVersion: 1,
      eventId: 'order-1#order.paid',
      type: 'order.paid',
      occurredAt: '2026-03-01T12:00:00.000Z',
      source: 'checkout',
      userId: 'user-1',
      orderId: 'order-1',
      outcome: 'allocated',
      amount: 1999,
      currency: 'USD',
      properties: {},
    });
  });

  test('has the same id when it is repeated, so that readers can drop it', async () => {
    const failed = { orderId: 'order-1', userId: 'user-1', type: 'order.failed', failureCode: 'internal' };
    await put(failed);
    await put(failed);
    const ids = records().map(({ Data }) => JSON.parse(read(Data)).eventId);
    expect(ids).toEqual(['order-1#order.failed', 'order-1#order.failed']);
  });

  test('is of the moment that it tells, though it is put on the stream days later', async () => {
    const at = '2026-02-26T23:59:59.876Z';
    await put({ at, orderId: 'order-1', userId: 'user-1', type: 'order.paid' });
    expect(JSON.parse(read(records()[0]?.Data))).toMatchObject({ occurredAt: at });
  });

  test('that the stream does not take now is tried again by the workflow', async () => {
    kinesis.on(PutRecordCommand).rejects(throttle);
    await expect(put({ orderId: 'o', userId: 'u', type: 'order.paid' })).rejects.toThrow(TransientError);
  });
});
