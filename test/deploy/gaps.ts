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
  { name: 'rights on KMS keys by the services that use them', coveredBy: ['test/infra/data.test.ts'] },
  {
    name: 'alarms go off by metrics of API Gateway, Step Functions, SQS and Firehose',
    coveredBy: ['test/infra/messaging.test.ts', 'test/infra/asynchronous.test.ts'],
  },
  { name: 'traces of X-Ray', coveredBy: ['test/infra/functions.test.ts'] },
];

export const gaps: readonly Gap[] = [
  ...leaveOuts.map(({ type, when, coveredBy }) => ({
    name: `${type}${when ? ` ${when.words}` : ''} is deployed`,
    coveredBy,
  })),
  ...withoutEffect,
];

export function reportGaps(report: Report): void {
  for (const { name, coveredBy } of gaps) report.notRun(name, coveredBy.join(', '));
}
