import { Duration } from 'aws-cdk-lib';
import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Channel } from '../../shared/notifications/notification.ts';
import { failureCodes } from '../../shared/orders/order.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { runbookOf } from './alarms.ts';
import { BusinessMetrics } from './business-metrics.ts';
import type { EventDelivery } from './event-delivery.ts';
import { iteratorAge } from './stream-alarms.ts';
import { indexesOf, tableKeys } from './tables.ts';

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

const period = Duration.minutes(5);
const fullWidth = 24;
const height = 6;

/** One page to look at when an alarm went off, or before one does: from what users see down to what it runs on. */
export class Dashboard extends Construct {
  readonly dashboard: CloudWatchDashboard;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    this.dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: `storefront-${props.settings.stage}`,
      defaultInterval: Duration.hours(12),
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [
          heading(
            `Storefront, ${props.settings.stage}`,
            'What users meet is at the top, what it runs on below.',
          ),
        ],
        alarmRow(props),
        [heading('API', 'The access log has each request by its `requestId`.')],
        apiRow(props),
        [
          heading(
            'Checkouts',
            'Executions are named by their orders: `npm run explain -- ORDER` tells the story.',
          ),
        ],
        checkoutRow(props),
        [
          heading(
            'Sales',
            'Amounts in minor units of the currency (cents; yen). Measured by the stream of the orders.',
          ),
        ],
        ...salesRows(props),
        [heading('Data', 'Tables scale by themselves; throttles mean one very busy key.')],
        ...dataRows(props),
        [heading('Lambdas', 'Errors of tasks are retried by the state machines.')],
        lambdaRow(props),
        [heading('Queues and streams', 'A dead letter waits 14 days for `npm run redrive`.')],
        queueRow(props),
      ],
    });
  }
}

function alarmRow({ alarms, settings }: DashboardProps): IWidget[] {
  const { runbooks } = settings.alarms;
  // Without an address there is nothing that the console could open.
  const names = alarms.map(({ node: { id } }) => (runbooks ? `[${id}](${runbookOf(id, settings)})` : id));
  const text = runbooks ? '' : 'By these headings in `docs/operations.md`:\n\n';
  return [
    new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 16, height }),
    new TextWidget({ markdown: `### Runbooks\n${text}${names.join(' · ')}`, width: 8, height }),
  ];
}

function apiRow({ api }: DashboardProps): IWidget[] {
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

function checkoutRow({ checkout, reversal, settings }: DashboardProps): IWidget[] {
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

function salesRows({ settings }: DashboardProps): IWidget[][] {
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

function dataRows({ data, settings }: DashboardProps): IWidget[][] {
  const audit = new BusinessMetrics(settings.stage);
  const tables = tableKeys.map((key) => ({ key, table: data.tables[key].table }));
  const of = (metricName: string, label: string) =>
    tables.map(({ table }) =>
      capacity(metricName, { TableName: table.tableName }, `${table.node.id} ${label}`),
    );
  const ofIndexes = (metricName: string, label: string) =>
    tables.flatMap(({ key, table: { tableName: TableName, node } }) =>
      indexesOf(key).map((GlobalSecondaryIndexName) =>
        capacity(
          metricName,
          { TableName, GlobalSecondaryIndexName },
          `${node.id} ${GlobalSecondaryIndexName} ${label}`,
        ),
      ),
    );
  return [
    row(
      graph('Throttled requests', [
        ...of('ReadThrottleEvents', 'reads'),
        ...of('WriteThrottleEvents', 'writes'),
      ]),
      graph('Throttled requests of indexes', [
        ...ofIndexes('ReadThrottleEvents', 'reads'),
        ...ofIndexes('WriteThrottleEvents', 'writes'),
      ]),
      graph('Audit entries changed past the code', [
        audit.ofAuditTrail('AuditEntriesTampered', { period, statistic: 'Sum', label: 'entries' }),
      ]),
    ),
    row(
      graph('Read units', of('ConsumedReadCapacityUnits', '')),
      graph('Write units', of('ConsumedWriteCapacityUnits', '')),
    ),
  ];
}

/** Of a table without its indexes, or of an index. */
function capacity(metricName: string, dimensionsMap: Record<string, string>, label: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap,
    statistic: 'Sum',
    period,
    label,
  });
}

function lambdaRow({ lambdas }: DashboardProps): IWidget[] {
  const all = (metricName: string, statistic: string) =>
    Object.entries(lambdas).map(([label, lambda]) => lambda.metric(metricName, { period, statistic, label }));
  return row(
    graph('Errors', all('Errors', 'Sum')),
    graph('Throttles', all('Throttles', 'Sum')),
    graph('Duration, p95, ms', all('Duration', 'p95')),
    graph('At once', all('ConcurrentExecutions', 'Maximum')),
  );
}

function queueRow({
  settings,
  channels,
  queues,
  deadLetters,
  streamConsumers,
  events,
  eventDelivery,
}: DashboardProps): IWidget[] {
  const statistic = 'Maximum';
  const deliveries = new BusinessMetrics(settings.stage);
  return row(
    graph(
      'Dead letters; recipients not taken (right)',
      Object.entries(deadLetters).map(([label, queue]) =>
        queue.metricApproximateNumberOfMessagesVisible({ period, statistic, label }),
      ),
      channels.map((channel) =>
        deliveries.ofDelivery(channel, 'Undeliverable', { period, statistic: 'Sum', label: channel }),
      ),
    ),
    graph(
      'Oldest message, s',
      Object.entries(queues).map(([label, queue]) =>
        queue.metricApproximateAgeOfOldestMessage({ period, statistic, label }),
      ),
    ),
    graph(
      'Streams of tables, behind by ms',
      Object.entries(streamConsumers).map(([label, consumer]) => iteratorAge(consumer).with({ label })),
    ),
    graph(
      'Analytics',
      [
        events.metricPutRecordSuccess({ period, statistic: 'Sum', label: 'events' }),
        events.metricWriteProvisionedThroughputExceeded({ period, statistic: 'Sum', label: 'throttled' }),
      ],
      [eventDelivery.metricFreshness({ period })],
    ),
  );
}

function heading(title: string, text: string): TextWidget {
  return new TextWidget({ markdown: `## ${title}\n${text}`, width: fullWidth, height: 2 });
}

interface Graph {
  readonly title: string;
  readonly left: IMetric[];
  readonly right: IMetric[];
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): Graph {
  return { title, left, right };
}

/** Graphs side by side, as wide as the page. */
function row(...graphs: Graph[]): IWidget[] {
  const width = fullWidth / graphs.length;
  return graphs.map((given) => new GraphWidget({ ...given, width, height, leftYAxis: { min: 0 } }));
}
