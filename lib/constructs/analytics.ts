import { Duration } from 'aws-cdk-lib';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';

export interface AnalyticsProps {
  readonly key: IKey;
}

/** The stream of analytics events. It scales by itself, as shops' traffic comes in bursts. */
export class Analytics extends Construct {
  readonly stream: Stream;

  constructor(scope: Construct, id: string, { key }: AnalyticsProps) {
    super(scope, id);
    this.stream = new Stream(this, 'Events', {
      streamMode: StreamMode.ON_DEMAND,
      encryption: StreamEncryption.KMS,
      encryptionKey: key,
      retentionPeriod: Duration.days(1),
    });
    acknowledge(
      this.stream,
      'AwsSolutions-KDS3',
      'The rule saves the price of a key; ours exists already, and its policy says who may read the events.',
    );
  }
}
