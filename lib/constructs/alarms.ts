import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageSettings } from '../stage-settings.ts';
import { type AlarmDefinition, alarmPeriod } from './alarm-definition.ts';
import { alarmName } from './alarm-name.ts';
import { backupAlarms } from './backup-alarms.ts';
import { BusinessMetrics } from './business-metrics.ts';
import { type CapacityProps, capacityAlarms } from './capacity-alarms.ts';
import type { ChannelDelivery } from './delivery.ts';
import { deliveryAlarms } from './delivery-alarms.ts';
import type { EventDelivery } from './event-delivery.ts';
import { type ReconcilerAlarmsProps, reconcilerAlarms } from './reconciler-alarms.ts';
import { routeAlarm } from './route-alarm.ts';
import { salesAlarms } from './sales-alarms.ts';
import { type StreamAlarmsProps, streamAlarms } from './stream-alarms.ts';
import type { WebAcl } from './web-acl.ts';

export interface AlarmsProps extends CapacityProps, ReconcilerAlarmsProps, StreamAlarmsProps {
  readonly settings: StageSettings;
  readonly api: RestApi;
  readonly reversal: StateMachine;
  readonly deadLetters: IQueue;
  /** Absent on a stage without one. */
  readonly webAcl: WebAcl | undefined;
  /** Where changes of orders end that their customers could not be told of. */
  readonly untold: IQueue;
  readonly deliveries: readonly ChannelDelivery[];
  /** Where changes of orders end that could not be counted. */
  readonly uncounted: IQueue;
  /** Where audit entries end that could not be sealed. */
  readonly unsealed: IQueue;
  readonly events: EventDelivery;
  readonly topic: ITopic;
}

const period = alarmPeriod;
/** Fewer answers of 5xx within the period may be one client that tries again. */
const fewestErrors = 5;
const errorsPercent = 1;
/** A single scanner or a page that tries again and again stays below it. */
const refusedRequests = 1000;
/** The stream keeps events for a day, so there are hours left to mend what holds them up. */
const eventsLateSeconds = 3600;

/** The faults that users feel, each told in their terms. */
export class Alarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { api, checkout, reversal, deadLetters, uncounted, unsealed, webAcl, untold, deliveries, events } =
      props;
    const definitions: readonly AlarmDefinition[] = [
      {
        id: 'CustomersUntold',
        metric: untold.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        threshold: 1,
        impact:
          'Customers were not told that their orders are held, approved, shipped or delivered, or the staff of a held ' +
          'order or of low stock. The orders themselves are fine. The messages in the dead-letter queue of the order ' +
          'notices name shard and sequence number.',
      },
      ...deliveries.flatMap((one) => deliveryAlarms(one, props.settings.stage)),
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
        id: 'CheckoutAborted',
        metric: checkout.metricAborted({ period }),
        threshold: 1,
        impact:
          'Customers wait for orders that nobody works on: checkouts were stopped from outside, so nothing was undone. ' +
          'The reconciler reverses them within five minutes; find out who stopped them, in CloudTrail.',
      },
      {
        id: 'ReversalAborted',
        metric: reversal.metricAborted({ period }),
        threshold: 1,
        impact:
          'Customers wait for their money: cancellations or refunds were stopped from outside. The reconciler starts ' +
          'them again within the hour; find out who stopped them, in CloudTrail.',
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
      ...reconcilerAlarms(props.settings.stage, props),
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
        id: 'AuditUnsealed',
        metric: unsealed.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        threshold: 1,
        impact:
          'Nobody is hindered, but for some audit entries there is no proof that they were not tampered with: they ' +
          'could not be sealed. Read the log of the sealer, then run npm run audit:verify.',
      },
      {
        id: 'AuditTampered',
        metric: new BusinessMetrics(props.settings.stage).ofAuditTrail('AuditEntriesTampered', {
          period,
          statistic: 'Sum',
        }),
        threshold: 1,
        impact:
          'The record of who did what no longer tells the truth: an audit entry was changed or removed past the code. ' +
          'It stays on for minutes only, so that it is over means nothing. Read which entry in the log of the ' +
          'sealer, then run npm run audit:verify.',
      },
      {
        id: 'EventsLate',
        metric: events.metricFreshness({ period }),
        threshold: eventsLateSeconds,
        impact:
          'Nobody is hindered, but analytics lags an hour behind, and after a day its events are lost: they do not ' +
          'reach the bucket. Read the log of the Firehose delivery.',
      },
      {
        id: 'EventsUnconverted',
        metric: events.metricUnconverted({ period }),
        threshold: 1,
        impact:
          'Nobody is hindered, but analytics lacks events: they do not fit the table. Each lies below errors/ in the ' +
          'analytics bucket, with the reason.',
      },
      {
        id: 'ApiErrors',
        // A busy stage has five in five minutes at 99.99 % of success, and CodeDeploy takes deployments back by this.
        metric: new MathExpression({
          expression: `IF(errors >= ${fewestErrors}, 100 * errors / requests, 0)`,
          label: 'requests answered 5xx, %',
          usingMetrics: {
            errors: api.metricServerError({ period, statistic: 'Sum' }),
            requests: api.metricCount({ period, statistic: 'Sum' }),
          },
          period,
        }),
        threshold: errorsPercent,
        impact:
          'Customers cannot browse, log in or order: the API answered 5xx to one request in a hundred, five times or ' +
          'more within five minutes. Look up the request ids in the access log, then in the log of the Lambda behind ' +
          'the route.',
      },
      routeAlarm(api),
      ...(webAcl
        ? [
            {
              id: 'FirewallRefuses',
              metric: webAcl.metricBlocked({ period }),
              threshold: refusedRequests,
              impact:
                'Customers may be turned away together with an attacker: the firewall refused very many requests ' +
                'within five minutes. See in its log which rule refused what.',
            },
          ]
        : []),
    ];
    const { backupVaultName } = props.data;
    const all = [
      ...definitions,
      ...salesAlarms(props.settings),
      ...capacityAlarms(props),
      ...streamAlarms(props.settings.stage, props),
      ...(backupVaultName === undefined ? [] : backupAlarms(backupVaultName)),
    ];
    this.alarms = all.map((definition) => this.addAlarm(definition, props));
  }

  private addAlarm(
    { id, metric, threshold, impact, below = false, periods = 1, bad = periods }: AlarmDefinition,
    { settings, topic }: Pick<AlarmsProps, 'settings' | 'topic'>,
  ): Alarm {
    const alarm = new Alarm(this, id, {
      alarmName: alarmName(settings.stage, id),
      metric,
      threshold,
      alarmDescription: `${impact} Runbook: ${runbookOf(id, settings)}`,
      comparisonOperator: below
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: periods,
      ...(bad === periods ? {} : { datapointsToAlarm: bad }),
      // No data is no traffic, which only alarms on too little are about.
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    alarm.addOkAction(new SnsAction(topic));
    return alarm;
  }
}

/** Where to read on about an alarm: on the web if the stage says where, else in the repository. */
export function runbookOf(id: string, { alarms }: Pick<StageSettings, 'alarms'>): string {
  return `${alarms.runbooks ?? 'docs/operations.md'}#${id.toLowerCase()}`;
}
