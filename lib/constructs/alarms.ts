import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';

export interface AlarmsProps {
  readonly api: RestApi;
  readonly checkout: StateMachine;
  readonly reversal: StateMachine;
  readonly deadLetters: IQueue;
  readonly reconciler: IFunction;
  /** Where changes of orders end that could not be counted. */
  readonly uncounted: IQueue;
  readonly topic: ITopic;
}

interface AlarmDefinition {
  readonly id: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** What users suffer, then where to look: the person who reads this was woken by it. */
  readonly impact: string;
}

const period = Duration.minutes(5);

/** The faults that users feel, each told in their terms. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { api, checkout, reversal, deadLetters, reconciler, uncounted, topic } = props;
    const definitions: readonly AlarmDefinition[] = [
      {
        id: 'CheckoutFailed',
        metric: checkout.metricFailed({ period }),
        threshold: 1,
        impact:
          'A customer may be charged or have stock held for an order that is not coming: a checkout could not be ' +
          'completed, nor fully undone. Open the failed execution of the checkout state machine; the order is ' +
          'marked for repair.',
      },
      {
        id: 'ReversalFailed',
        metric: reversal.metricFailed({ period }),
        threshold: 1,
        impact:
          'A customer waits for money that is not coming: a cancellation or refund could not be completed. Open ' +
          'the failed execution of the reversal state machine; the order is marked for repair.',
      },
      {
        id: 'CheckoutUndelivered',
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        threshold: 1,
        impact:
          'Customers were not told about their orders, or audit and analytics entries of orders are missing. The ' +
          'orders themselves are fine. Read the messages in the checkout dead-letter queue and redrive them.',
      },
      {
        id: 'ReconcilerFailed',
        metric: reconciler.metricErrors({ period }),
        threshold: 1,
        impact:
          'Customers may wait for orders, refunds and stock that nobody looks after: a run of the reconciler failed. ' +
          'The next one, five minutes later, tries again. Read the log of the reconciler Lambda.',
      },
      {
        id: 'OrdersUncounted',
        metric: uncounted.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        threshold: 1,
        impact:
          'Reports show too few orders, or in the wrong status: changes of orders could not be counted. The orders ' +
          'themselves are fine. The messages in the dead-letter queue of the insights name shard and sequence ' +
          'number; an order is right again with its next change of status.',
      },
      {
        id: 'ApiErrors',
        metric: api.metricServerError({ period, statistic: 'Sum' }),
        threshold: 5,
        impact:
          'Customers cannot browse, log in or order: the API answered 5xx five times within five minutes. Look up ' +
          'the request ids in the access log, then in the log of the Lambda behind the route.',
      },
    ];
    for (const definition of definitions) this.addAlarm(definition, topic);
  }

  private addAlarm({ id, metric, threshold, impact }: AlarmDefinition, topic: ITopic): void {
    const alarm = new Alarm(this, id, {
      metric,
      threshold,
      alarmDescription: impact,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      // No data is no traffic, which these alarms are not about.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
  }
}
