import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import { renderCheckoutDefinition, type SubstitutedPlaceholder } from '../checkout-definition.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ownName } from './own-name.ts';
import { ServiceLogGroup } from './service-log-group.ts';

type FunctionPlaceholder = Exclude<SubstitutedPlaceholder, 'DeadLetterQueueUrl'>;

export interface OrderStateMachineProps {
  /** Part of the log group's name. */
  readonly name: string;
  readonly comment: string;
  /** ASL with its placeholders. */
  readonly definition: string;
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly functions: Readonly<Record<FunctionPlaceholder, IFunction>>;
  readonly deadLetters: IQueue;
}

/**
 * A state machine on orders: the checkout or the reversal. Its definition is a raw ASL file, inlined so that
 * template assertions see the states; raw ASL gets no permissions by itself, so every function that it names
 * is granted here.
 */
export class OrderStateMachine extends Construct {
  readonly stateMachine: StateMachine;
  readonly logGroup: ILogGroup;

  constructor(
    scope: Construct,
    id: string,
    { name, comment, definition, settings, data, functions, deadLetters }: OrderStateMachineProps,
  ) {
    super(scope, id);
    const { logGroup } = new ServiceLogGroup(this, 'Logs', {
      settings,
      key: data.key,
      // Under this prefix the log deliveries of many state machines share one resource policy, whose size is bounded.
      name: ownName(this, `/aws/vendedlogs/states/${Stack.of(this).stackName}-${name}`),
    });
    this.logGroup = logGroup;
    const functionArns = Object.entries(functions).map(([name, { functionArn }]) => [name, functionArn]);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineType: StateMachineType.STANDARD,
      comment,
      definitionBody: DefinitionBody.fromString(renderCheckoutDefinition(definition, settings.workflow)),
      definitionSubstitutions: {
        ...Object.fromEntries(functionArns),
        DeadLetterQueueUrl: deadLetters.queueUrl,
      },
      tracingEnabled: true,
      // The input and output of states carry personal data; the console shows them to whoever may read executions.
      logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
    });
    this.grant(Object.values(functions), deadLetters, data);
  }

  private grant(functions: readonly IFunction[], deadLetters: IQueue, data: DataStack): void {
    const { region } = Stack.of(this);
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: functions.map(({ functionArn }) => functionArn),
      }),
    );
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
    );
    this.stateMachine.addToRolePolicy(
      new PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [data.key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `sqs.${region}.amazonaws.com` } },
      }),
    );
    acknowledge(
      this.stateMachine.role,
      'AwsSolutions-IAM5[Resource::*]',
      'Log delivery (logs:CreateLogDelivery and its kin) and X-Ray know no resources.',
    );
  }
}
