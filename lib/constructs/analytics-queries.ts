import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { Construct } from 'constructs';
import { analyticsPrefixes } from '../analytics-settings.ts';
import type { DataStack } from '../data-stack.ts';
import { readNamedQueries } from '../named-queries.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { EventCatalogue } from './event-catalogue.ts';

export interface AnalyticsQueriesProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly catalogue: EventCatalogue;
}

/** Where analysts ask: a workgroup that decides where results go and what a query may cost, and the named queries. */
export class AnalyticsQueries extends Construct {
  readonly workGroupName: string;
  readonly workGroup: CfnWorkGroup;

  constructor(scope: Construct, id: string, { settings, data, catalogue }: AnalyticsQueriesProps) {
    super(scope, id);
    const { stage, analytics } = settings;
    this.workGroupName = `storefront-${stage}`;
    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: this.workGroupName,
      description: `Analytics of the storefront, stage ${stage}`,
      state: 'ENABLED',
      // With its history of queries, without which AWS deletes no workgroup that was ever asked. Events and results
      // lie in the bucket.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: analytics.queryLimitMegabytes * 1_000_000,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${data.analyticsBucket.bucketName}/${analyticsPrefixes.queryResults}`,
          expectedBucketOwner: data.account,
          encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: data.key.keyArn },
        },
      },
    });
    for (const { name, description, sql } of readNamedQueries()) {
      const query = new CfnNamedQuery(this, `Query-${name}`, {
        name,
        description,
        database: catalogue.databaseName,
        queryString: sql,
        workGroup: this.workGroupName,
      });
      query.addResourceDependency(this.workGroup);
    }
  }
}
