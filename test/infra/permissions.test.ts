import { describe, expect, it } from 'vitest';
import { explains, policyExceptions } from './policy-exceptions.ts';
import { policyStatements, wildcards } from './policy-statements.ts';
import { resources, type StageName, stageNames, statements, templatesOf, text } from './templates.ts';

/** Managed policies of AWS say far more than we need; each that is used has its reason. */
const managedPolicies: readonly { reason: string; of: RegExp; policy: RegExp }[] = [
  {
    reason: 'API Gateway takes no narrower policy for the role that it logs with, which is the account’s.',
    of: /CloudWatchRole/,
    policy: /service-role\/AmazonAPIGatewayPushToCloudWatchLogs$/,
  },
];

function everyStatement(stage: StageName) {
  const { data, backend } = templatesOf(stage);
  return [...policyStatements(data), ...policyStatements(backend)];
}

describe.each(stageNames)('every policy of %s', (stage) => {
  const { backend, data } = templatesOf(stage);
  const all = everyStatement(stage);

  it('is read by these tests', () => {
    const kinds = new Set(all.map(({ of }) => of.split(' ')[0]));
    expect([...kinds].sort()).toEqual(
      expect.arrayContaining([
        'AWS::IAM::Policy',
        'AWS::IAM::Role',
        'AWS::KMS::Key',
        'AWS::S3::BucketPolicy',
        'AWS::SNS::TopicPolicy',
        'AWS::SQS::QueuePolicy',
      ]),
    );
    expect(all.length).toBeGreaterThan(80);
  });

  it('names actions, resources and principals one by one, but for the exceptions that are explained', () => {
    const unexplained = all
      .flatMap(wildcards)
      .filter((wildcard) => !policyExceptions.some((one) => explains(one, wildcard)))
      .map(({ statement, action, found }) => `${statement.of}: ${statement.effect} ${action}: ${found}`);
    expect(unexplained).toEqual([]);
  });

  it('says of what it speaks', () => {
    for (const { of, actions, resources: named } of all) {
      expect(actions, of).not.toEqual([]);
      if (!of.startsWith('AWS::IAM::Role ')) expect(named, of).not.toEqual([]);
      for (const action of actions) expect(action, of).toMatch(/^[a-z0-9-]+:[A-Za-z*]+$/);
    }
  });

  it('never lets anybody scan or delete a table, or change rights', () => {
    const rights = [...statements(backend), ...statements(data)].filter(({ policy }) => !isBackup(policy));
    expect(rights.length).toBeGreaterThan(20);
    for (const { actions, policy } of rights) {
      expect(actions.join(), policy).not.toMatch(
        /dynamodb:Scan|dynamodb:DeleteTable|kms:CreateGrant|iam:|sts:/,
      );
    }
  });

  it('lets roles use the key through the services that they call, never directly', () => {
    const users = [...statements(backend), ...statements(data)].filter(({ actions }) =>
      actions.some((action) => /^kms:(?!DescribeKey$)/.test(action)),
    );
    expect(users.length).toBeGreaterThan(5);
    for (const { conditions, policy } of users) {
      expect(JSON.stringify(conditions), policy).toMatch(
        isBackup(policy) ? /"kms:(ViaService|GrantIsForAWSResource)":/ : /"kms:ViaService":.*"[a-z]+\./,
      );
    }
  });

  it('is our own: managed policies are explained', () => {
    const roles = [data, backend].flatMap((template) => resources(template, 'AWS::IAM::Role'));
    const unexplained = roles.flatMap(({ id, properties }) =>
      (properties.ManagedPolicyArns ?? [])
        .map(text)
        .filter((arn: string) => !managedPolicies.some(({ of, policy }) => of.test(id) && policy.test(arn)))
        .map((arn: string) => `${id}: ${arn}`),
    );
    expect(unexplained).toEqual([]);
  });

  it('lets in services that come on behalf of one resource of this account', () => {
    const permissions = resources(backend, 'AWS::Lambda::Permission');
    expect(permissions.length).toBeGreaterThan(4);
    for (const { id, properties } of permissions) {
      expect(properties.Principal, id).toMatch(/^[a-z]+\.amazonaws\.com$/);
      expect(properties.SourceArn, id).toBeDefined();
    }
  });
});

describe('the list of exceptions', () => {
  const everywhere = stageNames.flatMap(everyStatement);

  it.each(policyExceptions.map((exception) => [exception.reason, exception] as const))(
    'has none that nobody needs any more: %s',
    (reason, exception) => {
      const needed = everywhere.flatMap(wildcards).some((wildcard) => explains(exception, wildcard));
      expect(needed, reason).toBe(true);
    },
  );

  it.each([...managedPolicies])('has no managed policy that nobody has: $reason', ({ of, policy }) => {
    const roles = stageNames.flatMap((stage) => resources(templatesOf(stage).backend, 'AWS::IAM::Role'));
    const holders = roles.filter(({ id }) => of.test(id));
    expect(
      JSON.stringify(holders.flatMap(({ properties }) => properties.ManagedPolicyArns.map(text))),
    ).toMatch(new RegExp(policy.source.replace('$', '')));
  });
});

function isBackup(policy: string): boolean {
  return policy.startsWith('BackupsRole');
}
