import type { IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { failureCodes } from '../../shared/orders/order.ts';
import { BusinessMetrics } from './business-metrics.ts';
import { graph, period, row } from './dashboard-graphs.ts';
import type { DashboardProps } from './dashboard-props.ts';

/** What clients meet: requests, refusals, latency. */
export function apiRow({ api }: DashboardProps): IWidget[] {
  return row(
    graph('Requests', [api.metricCount({ period, statistic: 'Sum' })]),
    graph('Refused and failed', [
      api.metricClientError({ period, statistic: 'Sum', label: '4xx' }),
      api.metricServerError({ period, statistic: 'Sum', label: '5xx' }),
    ]),
    graph(
      'Latency, ms',
      ['p50', 'p95', 'p99'].map((statistic) => api.metricLatency({ period, statistic, label: statistic })),
    ),
  );
}

/** How checkouts and reversals run, and what the reconciler had to do. */
export function checkoutRow({ checkout, reversal, settings }: DashboardProps): IWidget[] {
  const metrics = new BusinessMetrics(settings.stage);
  return row(
    graph('Checkouts', [
      checkout.metricStarted({ period, label: 'started' }),
      checkout.metricSucceeded({ period, label: 'ended' }),
      checkout.metricFailed({ period, label: 'failed' }),
      checkout.metricAborted({ period, label: 'stopped' }),
      reversal.metricStarted({ period, label: 'reversals' }),
      reversal.metricFailed({ period, label: 'failed reversals' }),
    ]),
    graph(
      'From placed to paid, s',
      ['p50', 'p90', 'p99'].map((statistic) =>
        metrics.ofOrders('SecondsToPaid', { period, statistic, label: statistic }),
      ),
    ),
    graph(
      'Orders on hold',
      [metrics.ofReconciler('OrdersOnHold', { period, statistic: 'Maximum', label: 'orders' })],
      [metrics.ofReconciler('OldestHeldSeconds', { period, statistic: 'Maximum', label: 'oldest, s' })],
    ),
    graph(
      'Looked after by the reconciler',
      ['HoldsReleased', 'CheckoutsStarted', 'OrdersRepaired', 'ReversalsDriven', 'ReconcileFailures'].map(
        (name) => metrics.ofReconciler(name, { period, statistic: 'Sum', label: name }),
      ),
    ),
  );
}

/** What was ordered, paid, lost and given back. */
export function salesRows({ settings }: DashboardProps): IWidget[][] {
  const metrics = new BusinessMetrics(settings.stage);
  const sum = (name: string, by?: Readonly<Record<string, string>>, label = name) =>
    metrics.ofOrders(name, { period, statistic: 'Sum', label, ...(by ? { by } : {}) });
  const byCurrency = (name: string) => [
    metrics.ofOrdersByEach('currency', name, { period, statistic: 'Sum' }),
  ];
  return [
    row(
      graph(
        'Orders',
        [
          'OrdersPlaced',
          'OrdersPaid',
          'OrdersFailed',
          'OrdersHeld',
          'OrdersAwaitingProfile',
          'OrdersShipped',
          'OrdersDelivered',
        ].map((name) => sum(name)),
      ),
      graph(
        'Failed orders by reason',
        failureCodes.map((reason) => sum('OrdersFailed', { reason }, reason)),
      ),
      graph(
        'Failed payments, share',
        [metrics.ofOrders('PaymentFailure', { period, statistic: 'Average', label: 'share' })],
        [sum('PaymentAttempts')],
      ),
    ),
    row(
      graph('Paid', byCurrency('AmountPaid')),
      graph('Given back', byCurrency('AmountRefunded')),
      graph('Lost to missing stock', byCurrency('AmountLostToStock'), [sum('UnitsLostToStock')]),
      graph(
        'Taken back and left to people',
        ['OrdersCancelled', 'OrdersRefunded', 'RepairsNeeded'].map((name) => sum(name)),
      ),
    ),
  ];
}
