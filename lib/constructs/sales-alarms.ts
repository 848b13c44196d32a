import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { FailureCode } from '../../shared/orders/order.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { AlarmDefinition } from './alarm-definition.ts';
import { BusinessMetrics } from './business-metrics.ts';

const slowSeconds = 30;
const slowPeriod = Duration.minutes(15);
const failedPercent = 30;
/** Of so few payments the share tells nothing. */
const fewestPayments = 10;
const paymentPeriod = Duration.minutes(30);
/** So many that it is no chance, within so long that a shop with few customers comes to as many. */
const unavailablePayments = 3;
const unavailablePeriod = Duration.hours(1);
const heldPeriod = Duration.minutes(15);

/** On what is sold, by the metrics that the stream of the orders gives. */
export function salesAlarms({ stage, workflow, alarms }: StageSettings): AlarmDefinition[] {
  const metrics = new BusinessMetrics(stage);
  const payments = { period: paymentPeriod };
  const { fewPaid } = alarms;
  return [
    {
      id: 'CheckoutSlow',
      metric: metrics.ofOrders('SecondsToPaid', { statistic: 'p50', period: slowPeriod }),
      threshold: slowSeconds,
      // At night one order that was retried is half of the orders; not twice in a row.
      periods: 2,
      impact:
        'Customers wait half a minute and more until their orders are paid, and may give up or order twice. See on ' +
        'the dashboard which Lambda is slow or throttled, and whether the payment provider is.',
    },
    {
      id: 'PaymentsFail',
      metric: new MathExpression({
        expression: `IF(payments >= ${fewestPayments}, 100 * failures / payments, 0)`,
        label: 'failed payments, %',
        usingMetrics: {
          failures: metrics.ofOrders('PaymentFailure', { ...payments, statistic: 'Sum' }),
          payments: metrics.ofOrders('PaymentFailure', { ...payments, statistic: 'SampleCount' }),
        },
        period: paymentPeriod,
      }),
      threshold: failedPercent,
      impact:
        'Customers cannot pay: a third of the payments of half an hour failed. See OrdersFailed by reason: ' +
        'payment_unavailable is the provider, payment_declined may be an attack with stolen cards.',
    },
    {
      id: 'PaymentsUnavailable',
      metric: metrics.ofOrders('OrdersFailed', {
        by: { reason: 'payment_unavailable' satisfies FailureCode },
        statistic: 'Sum',
        period: unavailablePeriod,
      }),
      threshold: unavailablePayments,
      impact:
        'Customers cannot pay, and none of them is at fault: three payments within an hour got no answer of the ' +
        'provider in all their tries, or it refused our key. See its status page, then the log of the payment Lambda.',
    },
    {
      id: 'OrdersHeldLong',
      metric: metrics.ofReconciler('OldestHeldSeconds', { statistic: 'Maximum', period: heldPeriod }),
      threshold: Math.round(workflow.reviewTimeoutSeconds / 2),
      impact:
        'A customer waits for a review, and the order fails by itself when as much time again goes by. Have a ' +
        'Manager look through GET /order?status=OnHold and approve or reject what is there.',
    },
    ...(fewPaid
      ? [
          {
            id: 'FewOrdersPaid',
            metric: metrics.ofOrders('OrdersPaid', {
              statistic: 'Sum',
              period: Duration.hours(fewPaid.hours),
            }),
            threshold: fewPaid.orders,
            below: true,
            impact:
              'The shop may be shut without any error: fewer orders were paid than on any usual day. Place an order ' +
              'yourself, and compare OrdersPlaced with OrdersPaid on the dashboard.',
          },
        ]
      : []),
  ];
}
