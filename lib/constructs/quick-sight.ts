import { Stack } from 'aws-cdk-lib';
import { CfnDataSet, CfnDataSource } from 'aws-cdk-lib/aws-quicksight';
import { Construct } from 'constructs';
import type { AnalyticsSettings } from '../analytics-settings.ts';
import type { StageName } from '../stage-settings.ts';
import type { AnalyticsQueries } from './analytics-queries.ts';
import type { EventCatalogue } from './event-catalogue.ts';
import { type EventColumn, eventColumns, partitionColumn } from './event-columns.ts';

export interface QuickSightProps {
  readonly stage: StageName;
  readonly quickSight: NonNullable<AnalyticsSettings['quickSight']>;
  readonly catalogue: EventCatalogue;
  readonly queries: AnalyticsQueries;
}

/** Types of QuickSight. It knows none for a map, so that column is not offered. */
const quickSightTypes: Readonly<Partial<Record<EventColumn['type'], string>>> = {
  string: 'STRING',
  bigint: 'INTEGER',
};
const tableId = 'events';

/** The events as a data set of QuickSight, read through the workgroup. Its users may build on it, not change it. */
export class QuickSight extends Construct {
  readonly dataSet: CfnDataSet;

  constructor(scope: Construct, id: string, { stage, quickSight, catalogue, queries }: QuickSightProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const { principalArn } = quickSight;
    const name = `storefront-${stage}-events`;
    const source = new CfnDataSource(this, 'DataSource', {
      awsAccountId: account,
      dataSourceId: name,
      name,
      type: 'ATHENA',
      dataSourceParameters: { athenaParameters: { workGroup: queries.workGroupName } },
      permissions: [{ principal: principalArn, actions: actionsOn('DataSource') }],
    });
    source.addResourceDependency(queries.workGroup);
    this.dataSet = new CfnDataSet(this, 'DataSet', {
      awsAccountId: account,
      dataSetId: name,
      name,
      importMode: 'DIRECT_QUERY',
      physicalTableMap: {
        [tableId]: {
          relationalTable: {
            dataSourceArn: source.attrArn,
            catalog: 'AwsDataCatalog',
            schema: catalogue.databaseName,
            name: catalogue.tableName,
            inputColumns: [
              ...eventColumns().flatMap((column) => {
                const type = quickSightTypes[column.type];
                return type ? [{ name: column.name, type }] : [];
              }),
              { name: partitionColumn, type: 'STRING' },
            ],
          },
        },
      },
      permissions: [
        {
          principal: principalArn,
          actions: [...actionsOn('DataSet'), 'quicksight:DescribeIngestion', 'quicksight:ListIngestions'],
        },
      ],
    });
    this.dataSet.addResourceDependency(catalogue.table);
  }
}

function actionsOn(what: 'DataSource' | 'DataSet'): string[] {
  return [`quicksight:Describe${what}`, `quicksight:Describe${what}Permissions`, `quicksight:Pass${what}`];
}
