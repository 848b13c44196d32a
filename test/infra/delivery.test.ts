import { describe, expect, it } from 'vitest';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { passes } from '../../local/streams/record-filter.ts';
import { senderDefaults } from '../../shared/adapters/delivery/sender-client.ts';
import { lastSendMilliseconds } from '../../shared/notifications/deliver.ts';
import { channels, typesOver } from '../../shared/notifications/notification.ts';
import { policyStatements } from './policy-statements.ts';
import {
  lambdas,
  liveAlias,
  type Resource,
  resource,
  resources,
  statements,
  templatesOf,
  text,
} from './templates.ts';

const { backend } = templatesOf('prod');
const ids = { email: 'Email', sms: 'Sms', push: 'Push' } as const;
const arnOf = (id: string) => `<${id}.Arn>`;

function statementsOf(channel: string) {
  const role = text(lambdas(backend).get(`delivery-${channel}`)?.properties.Role);
  return statements(backend, role.slice(1).replace('.Arn>', ''));
}

describe.each(channels)('the delivery by %s', (channel) => {
  const prefix = `Delivery${ids[channel]}Messages`;
  const queue = resource(backend, 'AWS::SQS::Queue', `${prefix}Queue`);
  const deadLetters = resource(backend, 'AWS::SQS::Queue', `${prefix}DeadLetters`);
  const subscriptions = resources(backend, 'AWS::SNS::Subscription').filter(
    ({ properties }) => text(properties.Endpoint) === arnOf(queue.id),
  );

  it('takes its own messages off both topics, as they are, and what SNS cannot hand over is kept', () => {
    expect(subscriptions.map(({ properties }) => text(properties.TopicArn)).sort()).toEqual([
      expect.stringMatching(/^<MessagingOrderNotifications\w+>$/),
      expect.stringMatching(/^<MessagingUserNotifications\w+>$/),
    ]);
    for (const { properties } of subscriptions) {
      expect(properties).toMatchObject({
        Protocol: 'sqs',
        RawMessageDelivery: true,
        FilterPolicy: { channel: [channel], type: typesOver(channel, { bulk: false }) },
      });
      expect(text(properties.RedrivePolicy.deadLetterTargetArn)).toBe(arnOf(deadLetters.id));
    }
  });

  it('keeps messages encrypted under the stage’s key, which topics of this account may use', () => {
    for (const { properties } of [queue, deadLetters]) {
      expect(text(properties.KmsMasterKeyId)).toMatch(/ExportsOutputFnGetAttKey/);
    }
    const { KeyPolicy } = resource(templatesOf('prod').data, 'AWS::KMS::Key').properties;
    expect(KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Principal: { Service: 'sns.amazonaws.com' },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  it('lets nobody but our two topics send, and nobody over plain HTTP', () => {
    const policies = resources(backend, 'AWS::SQS::QueuePolicy').filter(({ properties }) =>
      properties.Queues.some((one: unknown) => text(one) === `<${queue.id}>`),
    );
    const all = policies.flatMap(({ properties }) => properties.PolicyDocument.Statement);
    const senders = all.filter(({ Effect }) => Effect === 'Allow');
    expect(senders).toHaveLength(1);
    expect(senders[0]).toMatchObject({
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
    });
    expect(senders[0].Condition.ArnEquals['aws:SourceArn'].map(text)).toEqual(
      expect.arrayContaining(subscriptions.map(({ properties }) => text(properties.TopicArn))),
    );
    expect(JSON.stringify(all)).toContain('"aws:SecureTransport":"false"');
  });

  it('tries five times, and keeps what fails for 14 days', () => {
    expect(queue.properties.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(text(queue.properties.RedrivePolicy.deadLetterTargetArn)).toBe(arnOf(deadLetters.id));
    expect(deadLetters.properties.MessageRetentionPeriod).toBe(14 * 24 * 3600);
  });

  it('hands batches over whose messages fail one by one, and gives each time to end before it comes again', () => {
    const mapping = resources(backend, 'AWS::Lambda::EventSourceMapping').find(
      ({ properties }) => text(properties.EventSourceArn) === arnOf(queue.id),
    );
    expect(mapping?.properties).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BatchSize: 10,
      ScalingConfig: { MaximumConcurrency: 5 },
    });
    expect(text(mapping?.properties.FunctionName)).toContain(liveAlias(backend, `delivery-${channel}`));
    const timeout = lambdas(backend).get(`delivery-${channel}`)?.properties.Timeout;
    expect(queue.properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeout);
    // A claim of 20 seconds outlives the Lambda and ends before the message comes again.
    expect(timeout).toBeLessThan(20);
    // The last send that may begin ends before the Lambda does.
    const { requestTimeout } = senderDefaults.requestHandler;
    expect(lastSendMilliseconds + requestTimeout).toBeLessThan(timeout * 1000);
  });
});

describe.each(['Email', 'Push'])('a mailing over %s', (name) => {
  const prefix = `Delivery${name}Mailings`;
  const queue = resource(backend, 'AWS::SQS::Queue', `${prefix}Queue`);
  const deadLetters = resource(backend, 'AWS::SQS::Queue', `${prefix}DeadLetters`);
  const channel = name.toLowerCase();

  it('waits in a queue of its own, and no promotion in that of orders and codes', () => {
    const own = resources(backend, 'AWS::SNS::Subscription').filter(
      ({ properties }) => text(properties.Endpoint) === arnOf(queue.id),
    );
    expect(own.map(({ properties }) => [text(properties.TopicArn), properties.FilterPolicy])).toEqual([
      [
        expect.stringMatching(/^<MessagingUserNotifications\w+>$/),
        { channel: [channel], type: ['promotion'] },
      ],
    ]);
    const filters = resources(backend, 'AWS::SNS::Subscription').filter(({ properties }) =>
      properties.FilterPolicy?.type.includes('promotion'),
    );
    expect(filters.every(({ properties }) => text(properties.Endpoint).includes('Mailings'))).toBe(true);
  });

  it('is worked off one by one, two at a time, and waits out hours of throttles', () => {
    const mapping = resources(backend, 'AWS::Lambda::EventSourceMapping').find(
      ({ properties }) => text(properties.EventSourceArn) === arnOf(queue.id),
    );
    expect(mapping?.properties).toMatchObject({ BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } });
    expect(text(mapping?.properties.FunctionName)).toContain(liveAlias(backend, `delivery-${channel}`));
    expect(queue.properties.RedrivePolicy.maxReceiveCount).toBe(60);
    expect(text(queue.properties.RedrivePolicy.deadLetterTargetArn)).toBe(arnOf(deadLetters.id));
    const url = backend.Outputs[`${name}MailingsDeadLetterQueueUrl`]?.Value;
    expect(text(url)).toBe(`<${deadLetters.id}>`);
  });
});

describe('recipients that a provider does not take', () => {
  it.each([
    ['EmailsRefused', 'delivery-email'],
    ['SmsRefused', 'delivery-sms'],
    ['PushRefused', 'delivery-push'],
  ])('set off %s when there are many', (id, service) => {
    expect(resource(backend, 'AWS::CloudWatch::Alarm', `Alarms${id}`).properties).toMatchObject({
      Namespace: 'Storefront',
      MetricName: 'Undeliverable',
      Dimensions: [
        { Name: 'service', Value: service },
        { Name: 'stage', Value: 'prod' },
      ],
      Statistic: 'Sum',
      Threshold: 10,
    });
  });
});

describe('the rights to send', () => {
  const sending = (channel: string) =>
    statementsOf(channel).filter(({ actions }) => actions.some((action) => /^(ses:|sns:)/.test(action)));

  it('are for e-mail to send as the one identity', () => {
    expect(sending('email').map(({ actions, resources: of }) => [actions, of])).toEqual([
      [['ses:SendEmail'], [expect.stringMatching(/^arn:.*:ses:us-east-1:.*:identity\/shop\.example$/)]],
    ]);
  });

  it('are for e-mail to use the configuration set that the stage names, and no other', () => {
    const email = { from: 'orders@shop.example', identity: 'shop.example', configurationSet: 'shop' };
    const template = synthesizeStage('dev', { settings: { notifications: { email } } }).backend;
    const [allowed] = policyStatements(template).filter(({ actions }) => actions.includes('ses:SendEmail'));
    expect(allowed?.resources).toEqual([
      expect.stringMatching(/:configuration-set\/shop$/),
      expect.stringMatching(/:identity\/shop\.example$/),
    ]);
    expect(lambdas(template).get('delivery-email')?.properties.Environment.Variables).toMatchObject({
      EMAIL_CONFIGURATION_SET: 'shop',
    });
  });

  it('are for text messages to publish to what is no topic and no endpoint', () => {
    const named = policyStatements(backend).filter(
      ({ of, actions }) => of.includes('DeliverySmsDelivererRole') && actions.includes('sns:Publish'),
    );
    expect(named.map(({ effect, resources: of }) => [effect, of])).toEqual([
      ['Allow', ['*']],
      ['Deny', ['arn:*:sns:*:*:*']],
    ]);
  });

  it('are for push messages to publish to endpoints of the one application', () => {
    expect(sending('push').map(({ actions, resources: of }) => [actions, of])).toEqual([
      [['sns:Publish'], ['arn:aws:sns:us-east-1:123456789012:endpoint/GCM/Shop/*']],
    ]);
  });
});

describe('a stage without channels', () => {
  const { backend: bare } = synthesizeStage('prod');

  it('queues nothing that nobody would deliver, and says so', () => {
    expect([...lambdas(bare).keys()].filter((name) => name.startsWith('delivery-'))).toEqual([]);
    expect(resources(bare, 'AWS::SNS::Subscription')).toEqual([]);
    expect(bare.Outputs.NotificationChannels?.Value).toBe('none');
    expect(bare.Outputs.StaffAddresses?.Value).toBe('none');
    expect(backend.Outputs.NotificationChannels?.Value).toBe('email,sms,push');
  });
});

describe('the notices about orders and products', () => {
  const patternsOf = (mapping: Resource['properties']) =>
    mapping.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => JSON.parse(Pattern));

  it('follow the stream of the orders', () => {
    const mapping = resource(
      backend,
      'AWS::Lambda::EventSourceMapping',
      'OrderNoticesOrderChanges',
    ).properties;
    const Keys = { sk: { S: ['ORDER'] } };
    expect(patternsOf(mapping)).toEqual([
      { dynamodb: { Keys, NewImage: { status: { S: ['OnHold', 'Shipped', 'Delivered'] } } } },
      { dynamodb: { Keys, OldImage: { status: { S: ['OnHold'] } }, NewImage: { status: { S: ['Paid'] } } } },
    ]);
  });

  it('follow the stream of the products, where a mark of low stock is new', () => {
    const mapping = resource(
      backend,
      'AWS::Lambda::EventSourceMapping',
      'OrderNoticesProductChanges',
    ).properties;
    expect(text(mapping.EventSourceArn)).toContain('Products');
    expect(mapping.StartingPosition).toBe('TRIM_HORIZON');
    const mark = (exists: boolean) => ({ lowStockSince: { S: [{ exists }] } });
    const [pattern, ...others] = patternsOf(mapping);
    expect(others).toEqual([]);
    expect(pattern).toEqual({ dynamodb: { OldImage: mark(false), NewImage: mark(true) } });
    const record = (before: object | undefined, after: object) => ({
      dynamodb: { ...(before ? { OldImage: before } : {}), NewImage: after },
    });
    const marked = { productId: { S: 'mug' }, lowStockSince: { S: '2026-03-01T12:00:00.000Z' } };
    const unmarked = { productId: { S: 'mug' } };
    expect(passes([pattern], record(unmarked, marked))).toBe(true);
    expect(passes([pattern], record(undefined, marked))).toBe(true);
    expect(passes([pattern], record(marked, marked))).toBe(false);
    expect(passes([pattern], record(marked, unmarked))).toBe(false);
    expect(passes([pattern], record(unmarked, unmarked))).toBe(false);
    expect(passes([pattern], { dynamodb: { OldImage: marked } })).toBe(false);
  });

  it.each(['OrderChanges', 'ProductChanges'])('keep in one queue where those of %s failed', (source) => {
    const id = `OrderNotices${source}`;
    const mapping = resource(backend, 'AWS::Lambda::EventSourceMapping', id).properties;
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
    });
    expect(text(mapping.DestinationConfig.OnFailure.Destination)).toMatch(
      /^<OrderNoticesDeadLetters\w+\.Arn>$/,
    );
  });
});
