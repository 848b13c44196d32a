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
}

/** A log group under the stage's key that forgets after the stage's retention. */
export class ServiceLogGroup extends Construct {
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { settings, key, name }: ServiceLogGroupProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Group', {
      ...(name ? { logGroupName: name } : {}),
      encryptionKey: key,
      retention: settings.logRetentionDays,
      removalPolicy: settings.protectData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
