import { describe, expect, it } from 'vitest';
import { rollbackAlarms } from '../../lib/constructs/gradual-deployment.ts';
import { synthesizeStage } from '../../lib/synthesize.ts';
import {
  lambdas,
  liveAlias,
  neededBy,
  type Resource,
  refIn,
  resource,
  resources,
  stageNames,
  statements,
  templatesOf,
  text,
} from './templates.ts';

/** Whatever calls a Lambda by itself. */
const callers = [
  'AWS::ApiGateway::Authorizer',
  'AWS::ApiGateway::Method',
  'AWS::Events::Rule',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Permission',
  'AWS::SNS::Subscription',
  'AWS::Scheduler::Schedule',
  'AWS::StepFunctions::StateMachine',
];

describe.each(stageNames)('every Lambda of %s', (stage) => {
  const { backend } = templatesOf(stage);
  const all = [...lambdas(backend)];
  const isGradual = stage === 'prod';

  it.each(all)('%s has its version in service behind the alias live', (name) => {
    const alias = resource(backend, 'AWS::Lambda::Alias', liveAlias(backend, name).slice(1, -1));
    expect(alias.properties.Name).toBe('live');
    const [versionId] = alias.properties.FunctionVersion['Fn::GetAtt'];
    const version = resource(backend, 'AWS::Lambda::Version', versionId);
    // Not what a rolled back deployment made: Lambda would publish the same code no second time.
    expect(version.deletionPolicy).toBe(isGradual ? 'RetainExceptOnCreate' : 'Delete');
  });

  it('is called through its alias, by whatever calls it', () => {
    const functions = resources(backend, 'AWS::Lambda::Function').map(({ id }) => id);
    const calls = callers.flatMap((type) => resources(backend, type));
    expect(calls.length).toBeGreaterThan(70);
    for (const { id, properties } of calls) {
      const named = JSON.stringify(properties);
      expect(
        functions.filter((lambda) => named.includes(`"${lambda}"`)),
        id,
      ).toEqual([]);
    }
  });

  it('may be called by the state machines through its alias alone', () => {
    const policies = resources(backend, 'AWS::IAM::Policy').flatMap(
      ({ properties }) => properties.PolicyDocument.Statement,
    );
    const invocable = policies
      .filter(({ Action }) => [Action].flat().includes('lambda:InvokeFunction'))
      .flatMap(({ Resource }) => [Resource].flat().map(text));
    expect(invocable.length).toBeGreaterThan(6);
    const aliases = resources(backend, 'AWS::Lambda::Alias').map(({ id }) => `<${id}>`);
    for (const target of invocable) expect(aliases).toContain(target);
  });

  it.each(all)(
    isGradual ? '%s is deployed gradually, and back when something goes wrong' : '%s is deployed all at once',
    (name) => {
      const alias = backend.Resources[liveAlias(backend, name).slice(1, -1)];
      if (!isGradual) {
        expect(alias?.UpdatePolicy).toBeUndefined();
        return;
      }
      expect(alias?.UpdatePolicy).toMatchObject({ CodeDeployLambdaAliasUpdate: expect.anything() });
      const update = JSON.parse(JSON.stringify(alias?.UpdatePolicy)).CodeDeployLambdaAliasUpdate;
      const group = resource(
        backend,
        'AWS::CodeDeploy::DeploymentGroup',
        text(update.DeploymentGroupName).slice(1, -1),
      );
      expect(group.properties).toMatchObject({
        DeploymentConfigName: 'CodeDeployDefault.LambdaCanary10Percent5Minutes',
        DeploymentStyle: { DeploymentOption: 'WITH_TRAFFIC_CONTROL', DeploymentType: 'BLUE_GREEN' },
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST', 'DEPLOYMENT_STOP_ON_ALARM'],
        },
        AlarmConfiguration: { Enabled: true },
      });
      const alarms = group.properties.AlarmConfiguration.Alarms.map(({ Name }: { Name: unknown }) =>
        text(Name),
      );
      expect(alarms).toEqual([
        expect.stringMatching(/DeploymentErrors/),
        expect.stringMatching(/DeploymentThrottles/),
        ...rollbackAlarms.map((alarm) => `storefront-prod-${alarm}`),
      ]);
    },
  );
});

describe('the alarms that take a deployment back', () => {
  const { backend } = templatesOf('prod');

  it('exist under the names that CodeDeploy knows', () => {
    const names = resources(backend, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties.AlarmName);
    for (const alarm of rollbackAlarms) expect(names).toContain(`storefront-prod-${alarm}`);
  });

  it('look at the failures of the new version alone, which the former one’s calls would hide', () => {
    const { properties } = resource(backend, 'AWS::CloudWatch::Alarm', 'TasksPaymentDeploymentErrors');
    const metrics = properties.Metrics.filter(({ MetricStat }: { MetricStat?: object }) => MetricStat);
    expect(metrics).toHaveLength(2);
    for (const { MetricStat } of metrics) {
      const dimensions = MetricStat.Metric.Dimensions.map(
        ({ Name, Value }: { Name: string; Value: unknown }) => [Name, text(Value)],
      );
      expect(Object.fromEntries(dimensions)).toEqual({
        FunctionName: expect.stringMatching(/^<TasksPaymentFunction\w+>$/),
        Resource: expect.stringMatching(/^<TasksPaymentFunction\w+>:live$/),
        ExecutedVersion: expect.stringMatching(/^<TasksPaymentFunctionCurrentVersion\w+\.Version>$/),
      });
    }
    expect(properties).toMatchObject({ Threshold: 5, TreatMissingData: 'notBreaching' });
  });
});

describe('the right to move an alias', () => {
  const { backend } = templatesOf('prod');
  const aliases = resources(backend, 'AWS::Lambda::Alias').map(({ id }) => id);

  /** The role of the deployment group that moves an alias. */
  function mover(aliasId: string): Resource {
    const update = JSON.parse(JSON.stringify(backend.Resources[aliasId]?.UpdatePolicy));
    const { DeploymentGroupName } = update.CodeDeployLambdaAliasUpdate;
    const group = resource(backend, 'AWS::CodeDeploy::DeploymentGroup', refIn(DeploymentGroupName));
    return resource(backend, 'AWS::IAM::Role', refIn(group.properties.ServiceRoleArn));
  }

  it.each(aliases)('%s is that of a role which may move it and nothing else', (aliasId) => {
    const { properties } = resource(backend, 'AWS::Lambda::Alias', aliasId);
    const functionId = refIn(properties.FunctionName);
    const role = mover(aliasId);
    expect(role.properties.ManagedPolicyArns).toBeUndefined();
    // Its own statements are all: a policy beside the role could come later than the move.
    const beside = statements(backend, role.id).filter(({ policy }) => policy !== role.id);
    expect(beside).toEqual([]);
    const [policy, ...others] = role.properties.Policies;
    expect(others).toEqual([]);
    const [moves, looks] = policy.PolicyDocument.Statement;
    expect(moves.Action).toEqual([
      'lambda:GetAlias',
      'lambda:GetProvisionedConcurrencyConfig',
      'lambda:UpdateAlias',
    ]);
    expect(moves.Resource.map(text)).toEqual([`<${functionId}.Arn>`, `<${functionId}.Arn>:live`]);
    expect([looks.Action, looks.Resource]).toEqual(['cloudwatch:DescribeAlarms', '*']);
  });

  it.each(aliases)('%s is there before it moves', (aliasId) => {
    const role = mover(aliasId).id;
    const policies = resources(backend, 'AWS::IAM::Policy').filter(({ properties }) =>
      properties.Roles.map(refIn).includes(role),
    );
    for (const right of [role, ...policies.map(({ id }) => id)]) {
      expect(neededBy(backend, aliasId)).toContain(right);
      expect(neededBy(backend, right)).not.toContain(aliasId);
    }
  });
});

describe('a deployment of new code', () => {
  const before = synthesizeStage('prod').backend;
  // A version stands for code and configuration alike.
  const after = synthesizeStage('prod', { settings: { lambda: { memoryMb: 2048 } } }).backend;
  const idsOf = (template: typeof before, type: string) => resources(template, type).map(({ id }) => id);

  it('makes a new version of each Lambda, behind the same alias', () => {
    const former = idsOf(before, 'AWS::Lambda::Version');
    expect(former.length).toBeGreaterThan(10);
    expect(former.filter((id) => idsOf(after, 'AWS::Lambda::Version').includes(id))).toEqual([]);
    expect(idsOf(after, 'AWS::Lambda::Alias')).toEqual(idsOf(before, 'AWS::Lambda::Alias'));
  });

  it('moves the tasks first, then their definitions, and at last the Lambdas that start executions', () => {
    const machines = idsOf(before, 'AWS::StepFunctions::StateMachine');
    const tasks = ['order-workflow', 'inventory', 'payment', 'notification', 'analytics', 'audit'];
    const alias = (name: string) => liveAlias(before, name).slice(1, -1);
    expect(machines).toHaveLength(2);
    for (const machine of machines) {
      for (const task of tasks) expect(neededBy(before, machine), task).toContain(alias(task));
    }
    const started = (starter: string) =>
      machines.filter((machine) => neededBy(before, alias(starter)).has(machine));
    expect([started('order'), started('reconciler')]).toEqual([machines, machines]);
    expect(started('user')).toEqual([expect.stringContaining('Checkout')]);
  });

  it('leaves to a running execution the Lambdas that its definition names', () => {
    for (const machine of resources(before, 'AWS::StepFunctions::StateMachine')) {
      const { DefinitionSubstitutions, DefinitionString, RoleArn } = machine.properties;
      const same = resource(after, 'AWS::StepFunctions::StateMachine', machine.id).properties;
      expect(same).toMatchObject({ DefinitionSubstitutions, DefinitionString, RoleArn });
      const named = Object.entries(DefinitionSubstitutions).filter(([name]) => name.endsWith('FunctionArn'));
      expect(named).toHaveLength(6);
      for (const [name, value] of named) expect(text(value), name).toMatch(/^<Tasks\w+Live\w+>$/);
    }
  });
});

describe('the setting', () => {
  it('deployment chooses how fast traffic moves', () => {
    const { backend } = synthesizeStage('prod', { settings: { deployment: 'Linear10PercentEvery1Minute' } });
    const groups = resources(backend, 'AWS::CodeDeploy::DeploymentGroup');
    expect(new Set(groups.map(({ properties }) => properties.DeploymentConfigName))).toEqual(
      new Set(['CodeDeployDefault.LambdaLinear10PercentEvery1Minute']),
    );
    const atOnce = synthesizeStage('prod', { settings: { deployment: 'AllAtOnce' } }).backend;
    expect(JSON.stringify(atOnce)).not.toContain('CodeDeploy');
  });

  it('reservedConcurrency keeps executions for a Lambda, by default for none', () => {
    const reserved = (template: typeof backend) =>
      [...lambdas(template)].filter(([, { properties }]) => properties.ReservedConcurrentExecutions);
    const { backend } = templatesOf('prod');
    expect(reserved(backend)).toEqual([]);
    const kept = synthesizeStage('prod', { settings: { reservedConcurrency: { payment: 50 } } }).backend;
    expect(reserved(kept).map(([name]) => name)).toEqual(['payment']);
    expect(() => synthesizeStage('dev', { settings: { reservedConcurrency: { paymnet: 50 } } })).toThrow(
      'there is no Lambda paymnet',
    );
  });
});
