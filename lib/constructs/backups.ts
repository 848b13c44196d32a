import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import { CfnTable, type Table } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';

export interface BackupsProps {
  readonly key: Key;
  readonly tables: readonly Table[];
  readonly vaultName: string;
  /** Undefined where no more copies are made, and those of before wait for their end. */
  readonly keptDays: number | undefined;
}

const removalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE;

/**
 * A copy of every table each night, in a vault that outlives the stack and gives nothing away before its time. Point-
 * in-time recovery is finer, but it ends 35 days after its table is gone, whoever deleted it.
 */
export class Backups extends Construct {
  private readonly vault: BackupVault;

  constructor(scope: Construct, id: string, { key, tables, vaultName, keptDays }: BackupsProps) {
    super(scope, id);
    // Without copies to come the lock still guards those that there are, each for as long as it was made for.
    const kept = Duration.days(keptDays ?? 1);
    this.vault = new BackupVault(this, 'Vault', {
      backupVaultName: vaultName,
      encryptionKey: key,
      removalPolicy,
      // Governance mode: it takes a right of its own to shorten this.
      lockConfiguration: { minRetention: kept },
    });
    const role = this.createRole(key, tables);
    if (keptDays === undefined) return;
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
      role,
      // The managed one may copy nearly everything that an account can have.
      disableDefaultBackupPolicy: true,
    });
  }

  /**
   * What AWS's managed policy for backups has for DynamoDB, on our tables, vault and key. AWS Backup deletes an old copy
   * by the role that made it, so it stays with the vault, its rights in the same resource.
   */
  private createRole(key: Key, tables: readonly Table[]): Role {
    const { region } = Stack.of(this);
    const rights = new PolicyDocument();
    const allow = (actions: string[], resources: string[], conditions = {}) =>
      rights.addStatements(new PolicyStatement({ actions, resources, conditions }));
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
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      inlinePolicies: { Backups: rights },
    });
    role.applyRemovalPolicy(removalPolicy);
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
