import { describe, expect, it } from 'vitest';
import { lambdas, resource, resources, stageNames, templatesOf, text } from './templates.ts';

describe.each(stageNames)('the stream of the audit trail on %s', (stage) => {
  const { backend } = templatesOf(stage);
  const mapping = resource(backend, 'AWS::Lambda::EventSourceMapping', 'AuditChain').properties;

  it('is handed to the sealer from its start, whole and in order', () => {
    expect(text(mapping.EventSourceArn)).toMatch(/TablesAudit[0-9A-F]{8}StreamArn/);
    const role = text(lambdas(backend).get('audit-seal')?.properties.Role);
    expect(role).toContain('AuditChain');
    expect(text(mapping.FunctionName)).toContain('AuditChainSealer');
    expect(mapping).toMatchObject({ StartingPosition: 'TRIM_HORIZON', BatchSize: 100 });
    // A change or removal of an entry has to be seen too.
    expect(mapping.FilterCriteria).toBeUndefined();
  });

  it('is not stopped by one record: partial failures, halved batches, a bound of tries, a dead-letter queue', () => {
    expect(mapping).toMatchObject({
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
    });
    const queues = resources(backend, 'AWS::SQS::Queue').filter(({ id }) => id.startsWith('AuditChain'));
    expect(queues.map(({ properties }) => properties.MessageRetentionPeriod)).toEqual([14 * 24 * 60 * 60]);
    expect(text(mapping.DestinationConfig.OnFailure.Destination)).toBe(`<${queues[0]?.id}.Arn>`);
  });
});
