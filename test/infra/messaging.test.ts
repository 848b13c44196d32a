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
    ['ReconcilerMissed', 'NumberOfMessagesSent', 1, /customers may wait/i],
    ['AuditUnsealed', 'ApproximateNumberOfMessagesVisible', 1, /no proof/i],
    ['OrdersUncounted', 'ApproximateNumberOfMessagesVisible', 1, /reports show too few orders/i],
    ['CustomersUntold', 'ApproximateNumberOfMessagesVisible', 1, /customers were not told/i],
    ['EmailUndelivered', 'ApproximateNumberOfMessagesVisible', 1, /people were not mailed/i],
    ['EmailLate', 'ApproximateAgeOfOldestMessage', 300, /people wait for mails/i],
    ['SmsUndelivered', 'ApproximateNumberOfMessagesVisible', 1, /cannot log in/i],
    ['SmsLate', 'ApproximateAgeOfOldestMessage', 300, /people wait for text messages/i],
    ['PushUndelivered', 'ApproximateNumberOfMessagesVisible', 1, /were not told about their orders/i],
    ['PushLate', 'ApproximateAgeOfOldestMessage', 300, /told late/i],
    ['EventsLate', 'DeliveryToS3.DataFreshness', 3600, /analytics lags/i],
    ['EventsUnconverted', 'FailedConversion.Records', 1, /analytics lacks/i],
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

  it('on errors of the API goes by their share, as five of 100,000 must not take a deployment back', () => {
    const { properties } = resource(backend, 'AWS::CloudWatch::Alarm', 'ApiErrors');
    const formula = properties.Metrics.find(({ Expression }: { Expression?: string }) => Expression);
    expect(formula.Expression).toBe('IF(errors >= 5, 100 * errors / requests, 0)');
    const counted = properties.Metrics.flatMap(
      ({ Id, MetricStat }: Record<string, Record<string, unknown>>) =>
        MetricStat ? [[Id, Object(MetricStat.Metric).MetricName, MetricStat.Stat]] : [],
    );
    expect(counted).toEqual([
      ['errors', '5XXError', 'Sum'],
      ['requests', 'Count', 'Sum'],
    ]);
    expect(properties).toMatchObject({
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      EvaluationPeriods: 1,
      TreatMissingData: 'notBreaching',
      AlarmDescription: expect.stringMatching(/customers cannot/i),
    });
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
    const mailboxes = (template: typeof backend) =>
      resources(template, 'AWS::SNS::Subscription').filter(
        ({ properties }) => properties.Protocol === 'email',
      );
    expect(mailboxes(backend)).toEqual([]);
    const told = synthesizeStage('prod', { settings: { alarmEmail: 'ops@example.com' } }).backend;
    expect(mailboxes(told).map(({ properties }) => properties.Endpoint)).toEqual(['ops@example.com']);
  });
});
