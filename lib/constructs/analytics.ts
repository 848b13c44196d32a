import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { AnalyticsQueries } from './analytics-queries.ts';
import { EventCatalogue } from './event-catalogue.ts';
import { EventDelivery } from './event-delivery.ts';
import { QuickSight } from './quick-sight.ts';

export interface AnalyticsProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

/** The way of analytics events: stream, files by day, table, queries. docs/analytics.md draws it. */
export class Analytics extends Construct {
  readonly stream: Stream;
  readonly delivery: EventDelivery;
  readonly catalogue: EventCatalogue;
  readonly queries: AnalyticsQueries;

  constructor(scope: Construct, id: string, { settings, data }: AnalyticsProps) {
    super(scope, id);
    // It scales by itself, as shops' traffic comes in bursts.
    this.stream = new Stream(this, 'Events', {
      streamMode: StreamMode.ON_DEMAND,
      encryption: StreamEncryption.KMS,
      encryptionKey: data.key,
      retentionPeriod: Duration.days(1),
      // Events on their way, none that stays: left over, it would cost by the hour and be read by nobody.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(
      this.stream,
      'AwsSolutions-KDS3',
      'The rule saves the price of a key; ours exists already, and its policy says who may read the events.',
    );
    const { stage } = settings;
    this.catalogue = new EventCatalogue(this, 'Catalogue', { stage, bucket: data.analyticsBucket });
    this.delivery = new EventDelivery(this, 'Delivery', {
      settings,
      data,
      stream: this.stream,
      catalogue: this.catalogue,
    });
    this.queries = new AnalyticsQueries(this, 'Queries', { settings, data, catalogue: this.catalogue });
    const { quickSight } = settings.analytics;
    if (quickSight) {
      new QuickSight(this, 'QuickSight', {
        stage,
        quickSight,
        catalogue: this.catalogue,
        queries: this.queries,
      });
    }
  }
}
