import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import { CfnTable, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { ownName } from './own-name.ts';

export interface BackupsProps {
  readonly key: Key;
  readonly tables: readonly Table[];
  readonly keptDays: number;
}

/**
 * A copy of every table each night, in a vault that outlives the stack and gives nothing away before its time. Point-
 * in-time recovery is finer, but it ends 35 days after its table is gone, whoever deleted it.
 */
export class Backups extends Construct {
  readonly vault: BackupVault;

  constructor(scope: Construct, id: string, { key, tables, keptDays }: BackupsProps) {
    super(scope, id);
    const kept = Duration.days(keptDays);
    this.vault = new BackupVault(this, 'Vault', {
      // It outlives its stack: the next one needs another name.
      backupVaultName: ownName(this, Stack.of(this).stackName),
      encryptionKey: key,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      // Governance mode: it takes a right of its own to shorten this.
      lockConfiguration: { minRetention: kept },
    });
    const plan = new BackupPlan(this, 'Plan', {
      backupVault: this.vault,
      backupPlanRules: [
        new BackupPlanRule({
          ruleName: 'nightly',
          scheduleExpression: Schedule.cron({ hour: '5', minute: '0' }),
          startWindow: Duration.hours(1),
          completionWindow: Duration.hours(8),
          deleteAfter: kept,
        }),
      ],
    });
    plan.addSelection('Tables', {
      resources: tables.map(({ tableArn }) => BackupResource.fromArn(tableArn)),
      role: this.createRole(key, tables),
      // The managed one may copy nearly everything that an account can have.
      disableDefaultBackupPolicy: true,
    });
  }

  /** What AWS's managed policy for backups has for DynamoDB, on our tables, vault and key. */
  private createRole(key: Key, tables: readonly Table[]): Role {
    const { region } = Stack.of(this);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('backup.amazonaws.com') });
    const allow = (actions: string[], resources: string[], conditions = {}) =>
      role.addToPolicy(new PolicyStatement({ actions, resources, conditions }));
    const tableArns = tables.map(({ tableArn }) => tableArn);
    allow(
      [
        'dynamodb:CreateBackup',
        'dynamodb:DescribeTable',
        'dynamodb:ListTagsOfResource',
        'dynamodb:StartAwsBackupJob',
      ],
      tableArns,
    );
    allow(
      ['dynamodb:DeleteBackup', 'dynamodb:DescribeBackup'],
      tableArns.map((arn) => `${arn}/backup/*`),
    );
    allow(['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'], [this.vault.backupVaultArn]);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn], {
      StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` },
    });
    allow(['kms:DescribeKey'], [key.keyArn]);
    allow(['kms:CreateGrant'], [key.keyArn], { Bool: { 'kms:GrantIsForAWSResource': 'true' } });
    for (const table of tables) {
      acknowledge(
        role,
        `AwsSolutions-IAM5[Resource::<${logicalId(table)}.Arn>/backup/*]`,
        'Backups of this one table, each named by its time.',
      );
    }
    return role;
  }
}

function logicalId(table: Table): string {
  const { defaultChild } = table.node;
  if (!(defaultChild instanceof CfnTable)) throw new Error(`The table ${table.node.id} has no resource`);
  return Stack.of(table).getLogicalId(defaultChild);
}
