import { afterEach, describe, expect, it, vi } from 'vitest';
import { sendEmail } from '../../../local/aws/ses.ts';
import { publish } from '../../../local/aws/sns.ts';
import { Stores } from '../../../local/aws/stores.ts';
import type { InvocationResult } from '../../../local/lambda/protocol.ts';
import { startQueueSource } from '../../../local/messaging/queue-source.ts';
import { readQueue, readQueueSource, readSubscriptions } from '../../../local/template/messaging-model.ts';

const topicArn = 'arn:aws:sns:us-east-1:000000000000:orders';
const subscriptions = readSubscriptions({
  Protocol: 'sqs',
  TopicArn: topicArn,
  Endpoint: 'arn:aws:sqs:us-east-1:000000000000:mails',
  RawMessageDelivery: true,
  FilterPolicy: { channel: ['email'], type: ['order_paid', 'low_stock'] },
});

function attributes(of: Record<string, string | string[]>): URLSearchParams {
  const form = new URLSearchParams({ TopicArn: topicArn, Message: 'hello' });
  for (const [index, [name, value]] of Object.entries(of).entries()) {
    const entry = `MessageAttributes.entry.${index + 1}`;
    form.set(`${entry}.Name`, name);
    form.set(`${entry}.Value.DataType`, Array.isArray(value) ? 'String.Array' : 'String');
    form.set(`${entry}.Value.StringValue`, Array.isArray(value) ? JSON.stringify(value) : value);
  }
  return form;
}

describe('a topic', () => {
  it.each([
    ['one of the values', { channel: 'email', type: 'low_stock' }, 1],
    ['one of the values in a list', { channel: ['sms', 'email'], type: 'order_paid' }, 1],
    ['another value', { channel: 'sms', type: 'order_paid' }, 0],
    ['no such attribute', { channel: 'email' }, 0],
  ])('passes on what has %s for each attribute of a filter', (_what, given, count) => {
    const stores = new Stores();
    publish(attributes(given), stores, { topicArns: [topicArn], subscriptions });
    expect(stores.queue('mails').map(({ body }) => body)).toEqual(Array(count).fill('hello'));
    expect(stores.outbox).toHaveLength(1);
  });

  it('is not asked for a telephone or an app', () => {
    const stores = new Stores();
    const topics = { topicArns: [], subscriptions: [] };
    publish(new URLSearchParams({ PhoneNumber: '+14155550100', Message: 'hi' }), stores, topics);
    const app = 'arn:aws:sns:us-east-1:000000000000:endpoint/GCM/shop/a';
    const message = JSON.stringify({ default: 'hi' });
    publish(
      new URLSearchParams({ TargetArn: app, MessageStructure: 'json', Message: message }),
      stores,
      topics,
    );
    expect(stores.delivered).toMatchObject([
      { channel: 'sms', to: '+14155550100', text: 'hi' },
      { channel: 'push', to: app, text: 'hi' },
    ]);
    expect(stores.outbox).toEqual([]);
  });
});

describe('SES', () => {
  it('keeps a mail for who reads the outbox, and refuses one to nobody', () => {
    const stores = new Stores();
    const part = (Data: string) => ({ Data });
    const mail = {
      FromEmailAddress: 'shop@example.com',
      Destination: { ToAddresses: ['ann@example.com'] },
      Content: { Simple: { Subject: part('Hi'), Body: { Text: part('text'), Html: part('<p>text</p>') } } },
    };
    sendEmail(mail, stores);
    expect(stores.delivered).toMatchObject([
      { channel: 'email', to: 'ann@example.com', subject: 'Hi', text: 'text' },
    ]);
    expect(() => sendEmail({ ...mail, Destination: { ToAddresses: [] } }, stores)).toThrow(
      expect.objectContaining({ code: 'BadRequestException' }),
    );
  });
});

describe('a queue before a Lambda', () => {
  const source = readQueueSource({
    EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:mails',
    FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:deliverer:live',
    BatchSize: 2,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  const queue = readQueue('mails', {
    VisibilityTimeout: 90,
    RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead', maxReceiveCount: 3 },
  });
  let stop = async (): Promise<void> => undefined;
  afterEach(() => stop());

  interface Batch {
    Records: { messageId: string; body: string; attributes: { ApproximateReceiveCount: string } }[];
  }
  function feed(answer: (batch: Batch) => InvocationResult) {
    const stores = new Stores();
    const batches: string[][] = [];
    const invoke = async (_ref: string, event: unknown) => {
      const batch = event as Batch;
      batches.push(batch.Records.map(({ body, attributes: of }) => `${body}${of.ApproximateReceiveCount}`));
      return answer(batch);
    };
    stop = startQueueSource({ source, queue, stores, invoke, timeScale: 0.0001 });
    return { stores, batches };
  }
  const failing = (name: string) => (batch: Batch) => ({
    ok: true as const,
    payload: {
      batchItemFailures: batch.Records.filter(({ body }) => body === name).map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    },
  });

  it('hands over batches, and again what failed until it goes to the dead-letter queue', async () => {
    const { stores, batches } = feed(failing('b'));
    for (const body of ['a', 'b', 'c']) stores.send('mails', body);
    await vi.waitFor(() => expect(stores.queue('dead').map(({ body }) => body)).toEqual(['b']));
    expect(batches.slice(0, 2)).toEqual([['a1', 'b1'], ['c1']]);
    expect(batches.slice(2)).toEqual([['b2'], ['b3']]);
  });

  it('hands over the whole batch again when the Lambda fails, or names what it was not given', async () => {
    for (const result of [
      { ok: false as const, error: { errorType: 'Error', errorMessage: 'no' } },
      { ok: true as const, payload: { batchItemFailures: [{ itemIdentifier: 'nobody' }] } },
    ]) {
      const { stores } = feed(() => result);
      stores.send('mails', 'a');
      stores.send('mails', 'b');
      await vi.waitFor(() => expect(stores.queue('dead')).toHaveLength(2));
      await stop();
    }
  });
});
