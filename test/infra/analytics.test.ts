import { describe, expect, it } from 'vitest';
import { eventColumns } from '../../lib/constructs/event-columns.ts';
import { readNamedQueries } from '../../lib/named-queries.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import { analyticsEventSchema } from '../../shared/analytics/event.ts';
import { policyStatements } from './policy-statements.ts';
import { type Resource, resource, resources, stageNames, templatesOf, text } from './templates.ts';

const keyArn = expect.stringMatching(/ExportsOutputFnGetAttKey/);

describe.each(stageNames)('analytics events on %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const table = resource(backend, 'AWS::Glue::Table').properties;
  const { TableInput } = table;
  const delivery = resource(backend, 'AWS::KinesisFirehose::DeliveryStream').properties;
  const destination = delivery.ExtendedS3DestinationConfiguration;
  const workGroup = resource(backend, 'AWS::Athena::WorkGroup').properties;

  it('have a column for each member of the envelope, in its order', () => {
    const columns: { Name: string; Type: string }[] = TableInput.StorageDescriptor.Columns;
    expect(columns.map(({ Name }) => Name)).toEqual(
      Object.keys(analyticsEventSchema.shape).map((member) => member.toLowerCase()),
    );
    expect(columns.map(({ Name, Type }) => ({ name: Name, type: Type }))).toEqual(
      eventColumns().map(({ name, type }) => ({ name, type })),
    );
  });

  it('lie in a folder for each day, which Athena finds without a crawler', () => {
    const { PartitionKeys, Parameters, StorageDescriptor } = TableInput;
    expect(PartitionKeys).toMatchObject([{ Name: 'day', Type: 'string' }]);
    expect(Parameters).toMatchObject({
      'projection.enabled': 'true',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy-MM-dd',
      'projection.day.range': '2026-01-01,NOW',
    });
    const location = text(StorageDescriptor.Location);
    expect(location).toMatch(/^s3:\/\/<[^>]+>\/events\/$/);
    expect(text(Parameters['storage.location.template'])).toBe(`${location}day=\${day}/`);
    expect(destination.Prefix).toBe('events/day=!{timestamp:yyyy-MM-dd}/');
  });

  it('are taken off the stream and written as Parquet by that table, under our key', () => {
    const stream = resource(backend, 'AWS::Kinesis::Stream');
    expect(text(delivery.KinesisStreamSourceConfiguration.KinesisStreamARN)).toBe(`<${stream.id}.Arn>`);
    expect(text(destination.EncryptionConfiguration.KMSEncryptionConfig.AWSKMSKeyARN)).toEqual(keyArn);
    const conversion = destination.DataFormatConversionConfiguration;
    expect(conversion).toMatchObject({
      Enabled: true,
      InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: { CaseInsensitive: true } } },
      OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } },
      SchemaConfiguration: {
        DatabaseName: table.DatabaseName,
        TableName: TableInput.Name,
        VersionId: 'LATEST',
      },
    });
    expect(TableInput.StorageDescriptor.InputFormat).toMatch(/MapredParquetInputFormat$/);
    expect(destination.BufferingHints.SizeInMBs).toBeGreaterThanOrEqual(64);
  });

  it('that do not fit are kept apart, and each fault of the delivery is logged', () => {
    expect(destination.ErrorOutputPrefix).toBe(
      'errors/!{firehose:error-output-type}/day=!{timestamp:yyyy-MM-dd}/',
    );
    const { Enabled, LogGroupName, LogStreamName } = destination.CloudWatchLoggingOptions;
    expect(Enabled).toBe(true);
    const group = resource(backend, 'AWS::Logs::LogGroup', 'AnalyticsDelivery');
    expect(text(LogGroupName)).toBe(`<${group.id}>`);
    expect(text(group.properties.KmsKeyId)).toEqual(keyArn);
    expect(resource(backend, 'AWS::Logs::LogStream').properties).toMatchObject({ LogStreamName });
  });

  it('may be read and written by Firehose in its two folders alone', () => {
    const rights = policyStatements(backend)
      .filter(({ of }) => /Policy AnalyticsDeliveryRole/.test(of))
      .map(({ actions, resources: named }) => [
        actions.join(' '),
        named.map((arn) => arn.replace(/<[^>]+>/g, '<>')).join(' '),
      ]);
    const glue = 'arn:aws:glue:us-east-1:<>';
    expect(rights).toEqual([
      ['kinesis:DescribeStream kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards', '<>'],
      ['s3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads', '<>'],
      ['s3:AbortMultipartUpload s3:GetObject s3:PutObject', '<>/errors/* <>/events/*'],
      ['kms:Decrypt kms:GenerateDataKey', '<>'],
      [
        'glue:GetTable glue:GetTableVersion glue:GetTableVersions',
        `${glue}:catalog ${glue}:database/storefront_${stage} ${glue}:table/storefront_${stage}/events`,
      ],
      ['logs:PutLogEvents', 'arn:aws:logs:us-east-1:<>:log-group:<>:log-stream:S3Delivery'],
    ]);
  });

  it('are forgotten by the stage’s setting, answers and misfits sooner', () => {
    const bucket = resource(data, 'AWS::S3::Bucket', 'Analytics').properties;
    const rules: Resource['properties'][] = bucket.LifecycleConfiguration.Rules;
    expect(
      rules.flatMap(({ Prefix, ExpirationInDays }) => (Prefix ? [[Prefix, ExpirationInDays]] : [])),
    ).toEqual([
      ['events/', stage === 'prod' ? 1095 : 30],
      ['errors/', 90],
      ['query-results/', 7],
    ]);
    expect(rules.flatMap(({ Transitions }) => Transitions ?? [])).toEqual(
      stage === 'prod' ? [{ StorageClass: 'GLACIER_IR', TransitionInDays: 180 }] : [],
    );
  });

  it('are asked in a workgroup that bounds what is read, encrypts answers and cannot be overridden', () => {
    const { WorkGroupConfiguration: configuration } = workGroup;
    expect(configuration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: stage === 'prod' ? 100_000_000_000 : 1_000_000_000,
      EngineVersion: { SelectedEngineVersion: 'Athena engine version 3' },
    });
    const { OutputLocation, EncryptionConfiguration } = configuration.ResultConfiguration;
    expect(text(OutputLocation)).toMatch(/^s3:\/\/<[^>]+>\/query-results\/$/);
    expect(EncryptionConfiguration.EncryptionOption).toBe('SSE_KMS');
    expect(text(EncryptionConfiguration.KmsKey)).toEqual(keyArn);
  });

  it('leave no history behind that would keep their workgroup, and with it the stack, from being deleted', () => {
    expect(workGroup.RecursiveDeleteOption).toBe(true);
  });

  it('have the named queries, word by word as they are tested', () => {
    const deployed = resources(backend, 'AWS::Athena::NamedQuery').map(({ properties }) => properties);
    expect(deployed.map(({ Name }) => Name).sort()).toEqual([
      'funnel',
      'low-stock',
      'payment-failures',
      'revenue',
    ]);
    for (const { name, description, sql } of readNamedQueries()) {
      expect(deployed).toContainEqual({
        Name: name,
        Description: description,
        QueryString: sql,
        Database: table.DatabaseName,
        WorkGroup: workGroup.Name,
      });
    }
  });

  it('are not offered to QuickSight by default', () => {
    const types = resources(backend).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('AWS::QuickSight'))).toEqual([]);
  });
});

describe('a stage with the setting analytics.quickSight', () => {
  const principalArn = 'arn:aws:quicksight:us-east-1:123456789012:group/default/analysts';
  const { backend } = synthesizeStage('dev', { settings: { analytics: { quickSight: { principalArn } } } });
  const source = resource(backend, 'AWS::QuickSight::DataSource');
  const dataSet = resource(backend, 'AWS::QuickSight::DataSet').properties;

  it('has a data set of every column that QuickSight can show, over the workgroup', () => {
    const workGroup = resource(backend, 'AWS::Athena::WorkGroup').properties;
    expect(source.properties).toMatchObject({
      Type: 'ATHENA',
      DataSourceParameters: { AthenaParameters: { WorkGroup: workGroup.Name } },
    });
    const { RelationalTable } = dataSet.PhysicalTableMap.events;
    expect(text(RelationalTable.DataSourceArn)).toBe(`<${source.id}.Arn>`);
    expect(RelationalTable).toMatchObject({ Schema: 'storefront_dev', Name: 'events' });
    const names = RelationalTable.InputColumns.map(({ Name }: { Name: string }) => Name);
    const shown = eventColumns().filter(({ type }) => type !== 'map<string,string>');
    expect(names).toEqual([...shown.map(({ name }) => name), 'day']);
    expect(dataSet.ImportMode).toBe('DIRECT_QUERY');
  });

  it('lets one user or group build on it, and nobody change it', () => {
    for (const { Permissions } of [source.properties, dataSet]) {
      expect(Permissions).toHaveLength(1);
      expect(Permissions[0].Principal).toBe(principalArn);
      expect(Permissions[0].Actions.join()).not.toMatch(/Update|Delete|Create/);
    }
  });
});
