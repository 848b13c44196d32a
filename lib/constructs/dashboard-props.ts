import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Channel } from '../../shared/notifications/notification.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { EventDelivery } from './event-delivery.ts';

export interface DashboardProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly api: RestApi;
  readonly checkout: StateMachine;
  readonly reversal: StateMachine;
  /** Everything below by the name that it has on the dashboard. */
  readonly lambdas: Readonly<Record<string, IFunction>>;
  readonly streamConsumers: Readonly<Record<string, IFunction>>;
  readonly channels: readonly Channel[];
  readonly queues: Readonly<Record<string, IQueue>>;
  readonly deadLetters: Readonly<Record<string, IQueue>>;
  readonly events: Stream;
  readonly eventDelivery: EventDelivery;
  readonly alarms: readonly Alarm[];
}
