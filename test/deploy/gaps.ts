import { leaveOuts } from '../../lib/emulator-leave-outs.ts';
import type { Report } from './report.ts';

/** Something that AWS does and the emulator does not, so that a deployment to it proves nothing about it. */
export interface Gap {
  readonly name: string;
  /** Test files that check it instead, from the project's root. */
  readonly coveredBy: readonly string[];
}

/** Deployed without complaint, but of no effect that could be looked at. docs/deploy-check.md tells more of each. */
const withoutEffect: readonly Gap[] = [
  {
    name: 'throttles of stage and methods answer 429',
    coveredBy: ['test/infra/api.test.ts', 'test/unit/local/gateway.test.ts'],
  },
  {
    name: 'templates of mock integrations set X-Request-Id on 404 and 405',
    coveredBy: ['test/infra/api.test.ts', 'test/unit/local/gateway.test.ts'],
  },
  {
    name: 'rights of services that act for us: Step Functions, EventBridge, API Gateway, SNS',
    coveredBy: [
      'test/infra/checkout-workflow.test.ts',
      'test/infra/api.test.ts',
      'test/infra/permissions.test.ts',
    ],
  },
  {
    name: 'rights on KMS keys, of roles and of the services that use them',
    coveredBy: [
      'test/infra/data.test.ts',
      'test/infra/permissions.test.ts',
      'test/infra/analytics.test.ts',
      'test/infra/checkout-workflow.test.ts',
      'test/infra/delivery.test.ts',
    ],
  },
  {
    name: 'what a consumer of a stream fails at comes again, and ends in its dead-letter queue',
    coveredBy: ['test/infra/asynchronous.test.ts', 'test/unit/workflow/stream-handler.test.ts'],
  },
  {
    name: 'messages that fail five times end in the dead-letter queue',
    coveredBy: ['test/infra/delivery.test.ts', 'test/unit/workflow/queue-handler.test.ts'],
  },
  { name: 'the rules of the web ACL refuse requests', coveredBy: ['test/infra/edge.test.ts'] },
  {
    name: 'an Athena workgroup with a history of queries is deleted',
    coveredBy: ['test/infra/analytics.test.ts'],
  },
  {
    name: 'alarms go off by metrics of API Gateway, Step Functions, SQS and Firehose',
    coveredBy: ['test/infra/messaging.test.ts', 'test/infra/asynchronous.test.ts'],
  },
  { name: 'traces of X-Ray', coveredBy: ['test/infra/functions.test.ts'] },
];

/** Off unless a stage asks for it, and neither stage does so here. */
const notAskedFor: readonly Gap[] = [
  {
    name: 'payments at Stripe and its webhook',
    coveredBy: ['test/infra/stripe.test.ts', 'test/e2e/stripe.test.ts'],
  },
  {
    name: 'push notifications',
    coveredBy: ['test/infra/delivery.test.ts', 'test/unit/notifications/senders.test.ts'],
  },
  { name: 'announcements of promotions', coveredBy: ['test/e2e/notifications.test.ts'] },
  {
    name: 'CORS and preflights',
    coveredBy: ['test/infra/api-access.test.ts', 'test/e2e/cors.test.ts'],
  },
  {
    name: 'API keys and the usage plan of client applications',
    coveredBy: ['test/infra/api-access.test.ts'],
  },
  { name: 'QuickSight', coveredBy: ['test/infra/analytics.test.ts'] },
];

export const gaps: readonly Gap[] = [
  ...leaveOuts.map(({ type, when, coveredBy }) => ({
    name: `${type}${when ? ` ${when.words}` : ''} is deployed`,
    coveredBy,
  })),
  ...withoutEffect,
  ...notAskedFor,
];

export function reportGaps(report: Report): void {
  for (const { name, coveredBy } of gaps) report.notRun(name, coveredBy.join(', '));
}
