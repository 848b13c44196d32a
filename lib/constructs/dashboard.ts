import { Duration } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  type IWidget,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { runbookOf } from './alarms.ts';
import { heading, height } from './dashboard-graphs.ts';
import type { DashboardProps } from './dashboard-props.ts';
import { apiRow, checkoutRow, salesRows } from './dashboard-shop.ts';
import { dataRows, lambdaRow, queueRow } from './dashboard-system.ts';

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
