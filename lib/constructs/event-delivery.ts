import { Stack } from 'aws-cdk-lib';
import { type IMetric, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { CfnLogStream, type LogGroup } from 'aws-cdk-lib/aws-logs';
import { type Bucket, CfnBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { analyticsPrefixes } from '../analytics-settings.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { EventCatalogue } from './event-catalogue.ts';
import { partitionColumn } from './event-columns.ts';
import { ServiceLogGroup } from './service-log-group.ts';

export interface EventDeliveryProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly stream: Stream;
  readonly catalogue: EventCatalogue;
}

const logStreamName = 'S3Delivery';
/** The least that Firehose takes when it converts, in MiB; a file is mostly written for its time, not for this. */
const bufferMegabytes = 64;

/** Firehose: takes the events off the stream and writes them into the bucket as Parquet, a folder for each day. */
export class EventDelivery extends Construct {
  readonly deliveryStream: CfnDeliveryStream;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { settings, data, stream, catalogue }: EventDeliveryProps) {
    super(scope, id);
    const bucket = data.analyticsBucket;
    this.logGroup = new ServiceLogGroup(this, 'Logs', { settings, key: data.key }).logGroup;
    const logStream = new CfnLogStream(this, 'LogStream', {
      logGroupName: this.logGroup.logGroupName,
      logStreamName,
    });
    const role = this.createRole({ data, stream, catalogue });
    const folder = `${partitionColumn}=!{timestamp:yyyy-MM-dd}/`;
    this.deliveryStream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'KinesisStreamAsSource',
      kinesisStreamSourceConfiguration: { kinesisStreamArn: stream.streamArn, roleArn: role.roleArn },
      extendedS3DestinationConfiguration: {
        bucketArn: bucket.bucketArn,
        roleArn: role.roleArn,
        prefix: `${analyticsPrefixes.events}${folder}`,
        errorOutputPrefix: `${analyticsPrefixes.errors}!{firehose:error-output-type}/${folder}`,
        bufferingHints: { intervalInSeconds: settings.analytics.deliverySeconds, sizeInMBs: bufferMegabytes },
        // Parquet is compressed by itself.
        compressionFormat: 'UNCOMPRESSED',
        encryptionConfiguration: { kmsEncryptionConfig: { awskmsKeyArn: data.key.keyArn } },
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: this.logGroup.logGroupName,
          logStreamName,
        },
        dataFormatConversionConfiguration: {
          enabled: true,
          inputFormatConfiguration: { deserializer: { openXJsonSerDe: { caseInsensitive: true } } },
          outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
          schemaConfiguration: {
            catalogId: Stack.of(this).account,
            databaseName: catalogue.databaseName,
            tableName: catalogue.tableName,
            region: settings.region,
            roleArn: role.roleArn,
            versionId: 'LATEST',
          },
        },
      },
    });
    acknowledge(
      this.deliveryStream,
      'AwsSolutions-KDF1',
      'Firehose keeps nothing itself when a stream is its source, and the stream is encrypted under our key.',
    );
    this.deliveryStream.addResourceDependency(logStream);
    this.deliveryStream.addResourceDependency(catalogue.table);
    // Firehose tries its rights when it is made, and those are a resource of their own.
    this.deliveryStream.node.addDependency(role);
  }

  /** Age of the oldest event that is not in the bucket yet, in seconds. */
  metricFreshness(options: { readonly period: Metric['period'] }): IMetric {
    return this.metric('DeliveryToS3.DataFreshness', { ...options, statistic: 'Maximum' });
  }

  /** Events that do not fit the table. */
  metricUnconverted(options: { readonly period: Metric['period'] }): IMetric {
    return this.metric('FailedConversion.Records', { ...options, statistic: 'Sum' });
  }

  private metric(
    metricName: string,
    options: { readonly period: Metric['period']; readonly statistic: string },
  ): IMetric {
    return new Metric({
      namespace: 'AWS/Firehose',
      metricName,
      dimensionsMap: { DeliveryStreamName: this.deliveryStream.ref },
      ...options,
    });
  }

  private createRole({ data, stream, catalogue }: Omit<EventDeliveryProps, 'settings'>): Role {
    const { account, region, partition } = Stack.of(this);
    const bucket = data.analyticsBucket;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'sts:ExternalId': account } },
      }),
    });
    const allow = (actions: string[], resources: string[], conditions = {}) =>
      role.addToPolicy(new PolicyStatement({ actions, resources, conditions }));
    allow(
      ['kinesis:DescribeStream', 'kinesis:GetShardIterator', 'kinesis:GetRecords', 'kinesis:ListShards'],
      [stream.streamArn],
    );
    allow(['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], [bucket.bucketArn]);
    const { events, errors } = analyticsPrefixes;
    allow(
      ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
      [`${bucket.bucketArn}/${events}*`, `${bucket.bucketArn}/${errors}*`],
    );
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [data.key.keyArn], {
      StringEquals: {
        'kms:ViaService': [`kinesis.${region}.amazonaws.com`, `s3.${region}.amazonaws.com`],
      },
    });
    const glue = `arn:${partition}:glue:${region}:${account}`;
    const { databaseName, tableName } = catalogue;
    allow(
      ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
      [`${glue}:catalog`, `${glue}:database/${databaseName}`, `${glue}:table/${databaseName}/${tableName}`],
    );
    allow(
      ['logs:PutLogEvents'],
      [
        `arn:${partition}:logs:${region}:${account}:log-group:${this.logGroup.logGroupName}:log-stream:${logStreamName}`,
      ],
    );
    for (const prefix of [events, errors]) {
      acknowledge(
        role,
        `AwsSolutions-IAM5[Resource::<${logicalId(bucket)}.Arn>/${prefix}*]`,
        'Firehose names each file by its time, below the two prefixes that it writes to.',
      );
    }
    return role;
  }
}

function logicalId(bucket: Bucket): string {
  const { defaultChild } = bucket.node;
  if (!(defaultChild instanceof CfnBucket)) throw new Error(`${bucket.node.path} is no bucket`);
  return Stack.of(bucket).getLogicalId(defaultChild);
}
