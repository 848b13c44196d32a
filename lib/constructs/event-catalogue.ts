import { Stack } from 'aws-cdk-lib';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { analyticsPrefixes } from '../analytics-settings.ts';
import type { StageName } from '../stage-settings.ts';
import { eventColumns, partitionColumn } from './event-columns.ts';

export interface EventCatalogueProps {
  readonly stage: StageName;
  readonly bucket: Bucket;
}

/** No files are older. A later first day would hide what is there. */
const firstDay = '2026-01-01';

/**
 * The table of events: what Firehose converts to, and what Athena reads. Its partitions are computed from the days, so
 * that no crawler and no job has to register them. Names are fixed, so that whoever uses them need not refer to it.
 */
export class EventCatalogue extends Construct {
  readonly databaseName: string;
  readonly tableName = 'events';
  readonly table: CfnTable;

  constructor(scope: Construct, id: string, { stage, bucket }: EventCatalogueProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    this.databaseName = `storefront_${stage}`;
    const database = new CfnDatabase(this, 'Database', {
      catalogId: account,
      databaseInput: { name: this.databaseName, description: `Analytics of the storefront, stage ${stage}` },
    });
    const location = `s3://${bucket.bucketName}/${analyticsPrefixes.events}`;
    this.table = new CfnTable(this, 'Events', {
      catalogId: account,
      databaseName: this.databaseName,
      tableInput: {
        name: this.tableName,
        description: 'Analytics events, docs/analytics.md',
        tableType: 'EXTERNAL_TABLE',
        partitionKeys: [{ name: partitionColumn, type: 'string', comment: 'Day of arrival, UTC' }],
        storageDescriptor: {
          columns: eventColumns(),
          location,
          inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          serdeInfo: {
            serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
          },
        },
        parameters: {
          EXTERNAL: 'TRUE',
          classification: 'parquet',
          'projection.enabled': 'true',
          [`projection.${partitionColumn}.type`]: 'date',
          [`projection.${partitionColumn}.format`]: 'yyyy-MM-dd',
          [`projection.${partitionColumn}.range`]: `${firstDay},NOW`,
          [`projection.${partitionColumn}.interval`]: '1',
          [`projection.${partitionColumn}.interval.unit`]: 'DAYS',
          'storage.location.template': `${location}${partitionColumn}=\${${partitionColumn}}/`,
        },
      },
    });
    this.table.addResourceDependency(database);
  }
}
