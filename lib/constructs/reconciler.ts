import { Aws, Duration, Stack } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventInvokeConfig, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { CfnStateMachine, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { liveAlias, ServiceFunction } from './service-function.ts';

export interface ReconcilerProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly checkout: StateMachine;
  readonly reversal: StateMachine;
}

const timeoutSeconds = 120;
const minutesBetweenRuns = 5;

/** Looks every few minutes for stock and orders that no running checkout looks after, and sets them right. */
export class Reconciler extends Construct {
  readonly function: IFunction;
  /** Runs that did not come about: EventBridge could not hand them over, or Lambda could not end them. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { settings, data, checkout, reversal }: ReconcilerProps) {
    super(scope, id);
    const reconciler = new ServiceFunction(this, 'Reconciler', {
      settings,
      data,
      timeoutSeconds,
      name: 'reconciler',
      description: 'Scheduled: releases orphaned holds, restarts or reverses orders behind a dead checkout',
      tables: {
        products: ['UpdateItem'],
        orders: ['GetItem', 'Query', 'Query:byStatus', 'Query:byReversal'],
        inventory: ['BatchGetItem', 'PutItem', 'UpdateItem', 'Query:byExpiry'],
      },
      environment: {
        CHECKOUT_STATE_MACHINE_ARN: checkout.stateMachineArn,
        REVERSAL_STATE_MACHINE_ARN: reversal.stateMachineArn,
      },
    });
    this.function = reconciler.live;
    reconciler.allow(['states:StartExecution'], [checkout.stateMachineArn, reversal.stateMachineArn]);
    reconciler.allow(['states:ListExecutions', 'states:SendTaskSuccess'], [checkout.stateMachineArn]);
    this.allowReadingExecutions(reconciler, checkout);
    this.deadLetters = this.keepFailedRuns(reconciler, data);
    new Rule(this, 'Schedule', {
      description: 'Runs the reconciler',
      schedule: Schedule.rate(Duration.minutes(minutesBetweenRuns)),
      targets: [
        // The next run does what this one could not.
        new LambdaFunction(reconciler.live, {
          event: RuleTargetInput.fromObject({ task: 'reconcile' }),
          retryAttempts: 0,
          deadLetterQueue: this.deadLetters,
        }),
      ],
    });
  }

  private keepFailedRuns(reconciler: ServiceFunction, { key }: DataStack): Queue {
    const deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: key,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      deadLetters,
      'AwsSolutions-SQS3',
      'This is a dead-letter queue: EventBridge and Lambda send to it which runs did not come about.',
    );
    reconciler.allow(['sqs:SendMessage'], [deadLetters.queueArn]);
    reconciler.allowKeyThrough('sqs');
    // EventBridge calls asynchronously, and then Lambda itself would repeat a failed run for hours.
    new EventInvokeConfig(this, 'Invocations', {
      function: reconciler.function,
      qualifier: liveAlias,
      retryAttempts: 0,
      maxEventAge: Duration.minutes(minutesBetweenRuns),
      onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
    }).node.addDependency(reconciler.live);
    return deadLetters;
  }

  private allowReadingExecutions(reconciler: ServiceFunction, checkout: StateMachine): void {
    const { region, partition } = Stack.of(this);
    const executionsOf = (account: string, name: string) =>
      `arn:${partition}:states:${region}:${account}:execution:${name}:*`;
    reconciler.allow(['states:DescribeExecution'], [executionsOf(Aws.ACCOUNT_ID, checkout.stateMachineName)]);
    const { defaultChild } = checkout.node;
    if (!(defaultChild instanceof CfnStateMachine))
      throw new Error('The checkout has no CloudFormation resource');
    const machine = Stack.of(this).getLogicalId(defaultChild);
    acknowledge(
      reconciler.role,
      `AwsSolutions-IAM5[Resource::${executionsOf('<AWS::AccountId>', `<${machine}.Name>`)}]`,
      'Executions of this one state machine, each named after an order that does not exist yet.',
    );
  }
}
