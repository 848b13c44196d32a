import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { StageSettings } from '../stage-settings.ts';

export interface ServiceLogGroupProps {
  readonly settings: StageSettings;
  readonly key: IKey;
  /** Only where the name matters; CloudFormation makes one otherwise. */
  readonly name?: string;
  /** Forgets after this many days where the stage would keep it longer. */
  readonly longestRetentionDays?: number;
}

/** A log group under the stage's key that forgets after the stage's retention. */
export class ServiceLogGroup extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: ServiceLogGroupProps) {
    super(scope, id);
    const { settings, key, name, longestRetentionDays = settings.logRetentionDays } = props;
    this.logGroup = new LogGroup(this, 'Group', {
      ...(name ? { logGroupName: name } : {}),
      encryptionKey: key,
      retention: Math.min(settings.logRetentionDays, longestRetentionDays),
      // One of a creation that failed goes: it is empty, and would hold its name against the next attempt.
      removalPolicy: settings.protectData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
  }
}
