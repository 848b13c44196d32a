import { CfnResource, Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import {
  type ILambdaDeploymentConfig,
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Alias, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DeploymentName, StageSettings } from '../stage-settings.ts';
import { alarmName } from './alarm-name.ts';

/** Alarms of the whole stage that take a deployment back, by their ids in `alarms.ts`. */
export const rollbackAlarms = ['ApiErrors', 'KeyRoutesFail', 'CheckoutFailed'] as const;

const configurations: Readonly<Record<Exclude<DeploymentName, 'AllAtOnce'>, ILambdaDeploymentConfig>> = {
  Canary10Percent5Minutes: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  Canary10Percent15Minutes: LambdaDeploymentConfig.CANARY_10PERCENT_15MINUTES,
  Linear10PercentEvery1Minute: LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
  Linear10PercentEvery3Minutes: LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_3MINUTES,
};

const period = Duration.minutes(1);
/** Of the calls of a new version, in a minute with two failures or more. Tasks fail on passing faults, too. */
const failedPercent = 5;
const throttledCalls = 10;

export interface GradualDeploymentProps {
  readonly settings: StageSettings;
  readonly function: LambdaFunction;
  readonly alias: Alias;
}

/**
 * Hands a Lambda's traffic to a new version bit by bit, and back to the former one as soon as one of the alarms
 * goes off. On a stage that deploys all at once there is nothing of this: the alias moves with the stack.
 */
export class GradualDeployment extends Construct {
  constructor(scope: Construct, id: string, { settings, alias, ...props }: GradualDeploymentProps) {
    super(scope, id);
    if (settings.deployment === 'AllAtOnce') return;
    const group = new LambdaDeploymentGroup(this, 'Group', {
      application: applicationOf(this),
      alias,
      deploymentConfig: configurations[settings.deployment],
      // As it is: the library would attach a managed policy that may move the alias of any Lambda.
      role: mover(this, props.function, alias).withoutPolicyUpdates(),
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
      alarms: [
        newVersionFails(this, alias),
        throttled(this, alias),
        ...rollbackAlarms.map((name) => Alarm.fromAlarmName(this, name, alarmName(settings.stage, name))),
      ],
    });
    // The update policy names the group; that the alias waits for it is said here.
    firstResource(alias).addResourceDependency(firstResource(group));
  }
}

/** CodeDeploy's application, one for the stack. */
function applicationOf(scope: Construct): LambdaApplication {
  const stack = Stack.of(scope);
  const known = stack.node.tryFindChild('Deployment');
  return known instanceof LambdaApplication ? known : new LambdaApplication(stack, 'Deployment');
}

/**
 * The role that CodeDeploy moves this alias with, whole in one resource and made of this Lambda alone. One policy of
 * all aliases would wait for all Lambdas, so also for those whose own rights need the state machines, which need the
 * aliases of their tasks: these would move before CodeDeploy may move them.
 */
function mover(scope: Construct, { functionArn }: LambdaFunction, { aliasName }: Alias): Role {
  const role = new Role(scope, 'Role', {
    assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    inlinePolicies: {
      MoveAlias: new PolicyDocument({
        statements: [
          new PolicyStatement({
            actions: ['lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'lambda:UpdateAlias'],
            resources: [functionArn, `${functionArn}:${aliasName}`],
          }),
          new PolicyStatement({ actions: ['cloudwatch:DescribeAlarms'], resources: ['*'] }),
        ],
      }),
    },
  });
  acknowledge(
    role,
    'AwsSolutions-IAM5[Resource::*]',
    'CodeDeploy asks for the states of alarms in a call that knows no resources.',
  );
  return role;
}

function firstResource({ node }: IConstruct): CfnResource {
  const { defaultChild } = node;
  if (!CfnResource.isCfnResource(defaultChild)) throw new Error(`${node.path} has no resource`);
  return defaultChild;
}

/** Counts the version that is being deployed alone: the one before it would drown its errors. */
function newVersionFails(scope: Construct, alias: Alias): Alarm {
  const of = (name: string) => {
    const metric = alias.metric(name, { period, statistic: 'Sum' });
    return metric.with({
      dimensionsMap: { ...metric.dimensions, ExecutedVersion: alias.version.version },
    });
  };
  return new Alarm(scope, 'Errors', {
    alarmDescription: 'Takes a deployment back: the new version of a Lambda fails.',
    metric: new MathExpression({
      expression: 'IF(errors >= 2, 100 * errors / invocations, 0)',
      label: 'failed calls of the new version, %',
      usingMetrics: { errors: of('Errors'), invocations: of('Invocations') },
      period,
    }),
    threshold: failedPercent,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}

function throttled(scope: Construct, alias: Alias): Alarm {
  return new Alarm(scope, 'Throttles', {
    alarmDescription:
      'Takes a deployment back: Lambda turns calls away, as a slower version would make it do.',
    metric: alias.metricThrottles({ period }),
    threshold: throttledCalls,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
  });
}
