import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ServiceFunction } from './service-function.ts';
import { allowStreams, onFailedRecords, streamDeadLetters, streamOf } from './table-stream.ts';

export interface AuditChainProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

const timeoutSeconds = 60;

/** Seals audit entries into chains, from the stream of the Audit table. Nobody else may write the seals. */
export class AuditChain extends Construct {
  readonly sealer: ServiceFunction;
  /** Where in the stream the entries stand that could not be sealed. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, data }: AuditChainProps) {
    super(scope, id);
    const entries = streamOf(data, 'audit');
    this.deadLetters = streamDeadLetters(this, data.key, 'entries stand that could not be sealed');
    this.sealer = new ServiceFunction(this, 'Sealer', {
      name: 'audit-seal',
      description: 'Chains audit entries by hashes, from the stream of the Audit table',
      settings,
      data,
      timeoutSeconds,
      // What it may read of the other two stands below.
      tables: { auditSeals: ['BatchGetItem', 'PutItem', 'UpdateItem'], users: [], audit: [] },
    });
    this.allowAskingForErasures(data);
    allowStreams(this.sealer, [entries], this.deadLetters);
    new EventSourceMapping(this, 'Entries', {
      target: this.sealer.live,
      eventSourceArn: entries,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 100,
      // A seal may be a few seconds behind: the stream keeps what was written for a day.
      maxBatchingWindow: Duration.seconds(2),
      ...onFailedRecords(this.deadLetters),
    });
  }

  /** Who was erased, but no account; whose order an order's trail tells of. */
  private allowAskingForErasures({ tables }: DataStack): void {
    const rights = [
      { action: 'dynamodb:GetItem', table: tables.users.table, keys: 'ERASURE#*' },
      { action: 'dynamodb:Query', table: tables.audit.table, keys: 'ORDER#*' },
    ];
    for (const { action, table, keys } of rights) {
      this.sealer.role.addToPolicy(
        new PolicyStatement({
          actions: [action],
          resources: [table.tableArn],
          conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys] } },
        }),
      );
    }
  }
}
