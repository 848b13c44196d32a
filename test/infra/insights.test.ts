import { describe, expect, it } from 'vitest';
import { liveAlias, resource, stageNames, templatesOf, text } from './templates.ts';

describe.each(stageNames)('the stream of the orders on %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const mapping = resource(backend, 'AWS::Lambda::EventSourceMapping', 'Insights').properties;
  const queue = resource(backend, 'AWS::SQS::Queue', 'InsightsDeadLetters');

  it('shows orders before and after each change', () => {
    const { StreamSpecification } = resource(data, 'AWS::DynamoDB::Table', 'TablesOrders').properties;
    expect(StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
  });

  it('is handed to the insights Lambda from its start, orders alone, in batches', () => {
    expect(text(mapping.EventSourceArn)).toMatch(/TablesOrders[0-9A-F]{8}StreamArn/);
    expect(text(mapping.FunctionName)).toBe(`<part of ${liveAlias(backend, 'insights')}>:live`);
    expect(mapping).toMatchObject({
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 2,
    });
    const [{ Pattern }] = mapping.FilterCriteria.Filters;
    expect(JSON.parse(Pattern)).toEqual({ dynamodb: { Keys: { sk: { S: ['ORDER'] } } } });
  });

  it('is not stopped by one record: partial failures, halved batches, a bound of tries, a dead-letter queue', () => {
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
    });
    expect(text(mapping.DestinationConfig.OnFailure.Destination)).toBe(`<${queue.id}.Arn>`);
    expect(text(queue.properties.KmsMasterKeyId)).toContain('Key');
    expect(queue.properties.MessageRetentionPeriod).toBe(14 * 24 * 60 * 60);
  });
});
