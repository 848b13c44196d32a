import { describe, expect, it } from 'vitest';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { resource, resources, stageNames, templatesOf, text } from './templates.ts';

describe.each(stageNames)('messages on %s', (stage) => {
  const { backend } = templatesOf(stage);
  const key = expect.stringMatching(/ExportsOutputFnGetAttKey/);

  it.each(['OrderNotifications', 'UserNotifications', 'OperatorAlarms'])(
    'are encrypted on the topic %s, and taken over TLS only',
    (name) => {
      const topic = resource(backend, 'AWS::SNS::Topic', name);
      expect(text(topic.properties.KmsMasterKeyId)).toEqual(key);
      const policies = resources(backend, 'AWS::SNS::TopicPolicy').filter(({ properties }) =>
        properties.Topics.some((one: unknown) => text(one) === `<${topic.id}>`),
      );
      expect(JSON.stringify(policies)).toContain('"aws:SecureTransport":"false"');
    },
  );

  it('that could not be delivered wait encrypted for 14 days', () => {
    const { properties } = resource(backend, 'AWS::SQS::Queue', 'CheckoutDeadLetters');
    expect(text(properties.KmsMasterKeyId)).toEqual(key);
    expect(properties.MessageRetentionPeriod).toBe(14 * 24 * 60 * 60);
    expect(JSON.stringify(resource(backend, 'AWS::SQS::QueuePolicy', 'CheckoutDeadLetters'))).toContain(
      '"aws:SecureTransport":"false"',
    );
  });

  it('for analytics go through an encrypted stream that scales by itself', () => {
    const { properties } = resource(backend, 'AWS::Kinesis::Stream');
    expect(properties.StreamModeDetails).toEqual({ StreamMode: 'ON_DEMAND' });
    expect(properties.StreamEncryption).toMatchObject({ EncryptionType: 'KMS' });
    expect(text(properties.StreamEncryption.KeyId)).toEqual(key);
  });
});

describe('an alarm', () => {
  const { backend } = templatesOf('prod');
  const topic = resource(backend, 'AWS::SNS::Topic', 'OperatorAlarms').id;

  it.each([
    ['CheckoutFailed', 'ExecutionsFailed', 1, /customer may be charged/i],
    ['CheckoutUndelivered', 'ApproximateNumberOfMessagesVisible', 1, /customers were not told/i],
    ['ReconcilerFailed', 'Errors', 1, /customers may wait/i],
    ['OrdersUncounted', 'ApproximateNumberOfMessagesVisible', 1, /reports show too few orders/i],
    ['ApiErrors', '5XXError', 5, /customers cannot/i],
  ])('%s watches %s from %i on and says what users suffer', (id, metric, threshold, impact) => {
    const { properties } = resource(backend, 'AWS::CloudWatch::Alarm', id);
    expect(properties).toMatchObject({
      MetricName: metric,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
    });
    expect(properties.AlarmDescription).toMatch(impact);
    expect(properties.AlarmActions.map(text)).toEqual([`<${topic}>`]);
    expect(properties.OKActions.map(text)).toEqual([`<${topic}>`]);
  });

  it('may be published by CloudWatch, for this account only', () => {
    const policies = resources(backend, 'AWS::SNS::TopicPolicy').filter(({ properties }) =>
      properties.Topics.some((one: unknown) => text(one) === `<${topic}>`),
    );
    const statements = policies.flatMap(({ properties }) => properties.PolicyDocument.Statement);
    expect(statements).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'sns:Publish',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  it('reaches the mailbox of the setting alarmEmail', () => {
    expect(resources(backend, 'AWS::SNS::Subscription')).toEqual([]);
    const told = synthesizeStage('prod', { settings: { alarmEmail: 'ops@example.com' } }).backend;
    expect(resource(told, 'AWS::SNS::Subscription').properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'ops@example.com',
    });
  });
});
