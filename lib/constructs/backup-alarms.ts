import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmDefinition } from './alarm-definition.ts';

/** A night's copies are told of one by one; this makes one message of them. */
const period = Duration.hours(1);

/** On the nightly copies of the tables: nobody would miss them before they are needed. */
export function backupAlarms(vaultName: string): AlarmDefinition[] {
  const jobs = (metricName: string) =>
    new Metric({
      namespace: 'AWS/Backup',
      metricName,
      dimensionsMap: { BackupVaultName: vaultName },
      statistic: 'Sum',
      period,
    });
  return [
    {
      id: 'BackupsFailed',
      metric: new MathExpression({
        expression: 'SUM(METRICS())',
        label: 'nightly copies that failed',
        usingMetrics: {
          failed: jobs('NumberOfBackupJobsFailed'),
          aborted: jobs('NumberOfBackupJobsAborted'),
          expired: jobs('NumberOfBackupJobsExpired'),
        },
        period,
      }),
      threshold: 1,
      impact:
        'Nobody is hindered, but last night a table was not copied into the vault, or an old copy was not deleted in ' +
        'time. Point-in-time recovery still reaches 35 days back. See the jobs of AWS Backup for the reason.',
    },
  ];
}
