import { describe, expect, it } from 'vitest';
import { type Statement, stageNames, statements, templatesOf } from './templates.ts';

/** Statements that may say `*`, each for a reason. Whoever adds one has to write it down here. */
const allowedWildcards: readonly { reason: string; matches: (statement: Statement) => boolean }[] = [
  {
    reason: 'X-Ray knows no resources, and neither does listing streams',
    matches: ({ actions, resources }) =>
      resources.join() === '*' &&
      actions.every((action) =>
        /^(xray:Put(TelemetryRecords|TraceSegments)|dynamodb:ListStreams)$/.test(action),
      ),
  },
  {
    reason: 'log delivery and the sampling rules of X-Ray know no resources',
    matches: ({ policy, actions, resources }) =>
      /^(Checkout|Reversal)StateMachineRole/.test(policy) &&
      resources.join() === '*' &&
      actions.every((action) => /^(logs:(?!PutLogEvents|CreateLogStream)|xray:)/.test(action)),
  },
  {
    reason: 'executions are named after orders that do not exist yet',
    matches: ({ actions, resources }) =>
      actions.every((action) => /^states:(DescribeExecution|GetExecutionHistory)$/.test(action)) &&
      resources.every((resource) => /:execution:<Checkout[^>]*\.Name>:\*$/.test(resource)),
  },
];

describe.each(stageNames)('the rights on %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const all = [...statements(backend), ...statements(data)];

  it('name actions one by one', () => {
    expect(all.length).toBeGreaterThan(20);
    for (const { actions, policy } of all) {
      for (const action of actions) expect(action, policy).toMatch(/^[a-z0-9-]+:[A-Za-z]+$/);
    }
  });

  it('name resources one by one, but for the exceptions that are explained', () => {
    const wild = all.filter(({ resources }) => resources.some((resource) => resource.includes('*')));
    const unexplained = wild.filter(
      (statement) => !allowedWildcards.some(({ matches }) => matches(statement)),
    );
    expect(unexplained).toEqual([]);
    for (const { matches, reason } of allowedWildcards) {
      expect(wild.some(matches), `an exception that nobody needs: ${reason}`).toBe(true);
    }
  });

  it('never hand out a table, a secret or the key without saying for what', () => {
    for (const { actions, resources } of all) {
      expect(actions.join()).not.toMatch(/dynamodb:Scan|dynamodb:DeleteTable|kms:CreateGrant|iam:|sts:/);
      expect(resources).not.toHaveLength(0);
    }
  });

  it('let Lambdas use the key through the services that they call, never directly', () => {
    const users = all.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')));
    expect(users.length).toBeGreaterThan(5);
    for (const { conditions, policy } of users) {
      const services = JSON.stringify(conditions);
      expect(services, policy).toMatch(/"kms:ViaService":.*"(dynamodb|sns|kinesis|secretsmanager|sqs)\./);
    }
  });

  it('come from policies of our own, without managed ones', () => {
    const roles = Object.entries(backend.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    for (const [id, { Properties }] of roles) {
      if (id.includes('CloudWatchRole')) continue;
      expect(Properties.ManagedPolicyArns, id).toBeUndefined();
    }
  });
});
