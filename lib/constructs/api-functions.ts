import { Aws, Stack } from 'aws-cdk-lib';
import { CfnStateMachine, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { ServiceFunction, type ServiceFunctionProps, type TableAccess } from './service-function.ts';

export interface ApiFunctionsProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly checkout: StateMachine;
  readonly reversal: StateMachine;
}

/** What the dispatcher needs in front of every route: the caller's record, a trail of refusals, rate limits. */
const dispatcherAccess = {
  users: ['GetItem'],
  audit: ['PutItem'],
  idempotency: ['UpdateItem'],
} as const satisfies TableAccess;

/** The Lambdas behind the HTTP API, one per domain, and the one that verifies its callers' tokens. */
export class ApiFunctions extends Construct {
  readonly authorizer: ServiceFunction;
  readonly user: ServiceFunction;
  readonly product: ServiceFunction;
  readonly order: ServiceFunction;

  constructor(scope: Construct, id: string, { settings, data, checkout, reversal }: ApiFunctionsProps) {
    super(scope, id);
    const timeoutSeconds = settings.lambda.apiTimeoutSeconds;
    const create = (
      functionId: string,
      props: Omit<ServiceFunctionProps, 'settings' | 'data' | 'timeoutSeconds'>,
    ) => new ServiceFunction(this, functionId, { settings, data, timeoutSeconds, ...props });
    const { domain, audience, connection } = settings.auth0;
    const tokenEnvironment = { AUTH0_ISSUER: `https://${domain}/`, AUTH0_AUDIENCE: audience };

    this.authorizer = create('Authorizer', {
      name: 'authorizer',
      description: 'Verifies access tokens for API Gateway',
      environment: tokenEnvironment,
    });
    this.user = create('User', {
      name: 'user',
      description: 'Routes below /user',
      tables: {
        ...dispatcherAccess,
        users: ['GetItem', 'Query:byRole', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'],
        // Checkouts that wait for the profile.
        orders: ['Query', 'DeleteItem'],
      },
      environment: {
        ...tokenEnvironment,
        AUTH0_CONNECTION: connection,
        AUTH0_SECRET_ARN: data.auth0Secret.secretArn,
        DISCLOSE_IDENTITY: String(settings.discloseIdentity),
      },
    });
    this.user.allow(['secretsmanager:GetSecretValue'], [data.auth0Secret.secretArn]);
    this.user.allowKeyThrough('secretsmanager');
    this.user.allow(['states:SendTaskSuccess'], [checkout.stateMachineArn]);

    this.product = create('Product', {
      name: 'product',
      description: 'Routes below /product',
      tables: {
        ...dispatcherAccess,
        products: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'],
        listings: ['Query', 'Query:byName', 'PutItem', 'DeleteItem'],
        inventory: ['Query:ledger', 'PutItem'],
      },
      environment: tokenEnvironment,
    });
    this.order = create('Order', {
      name: 'order',
      description: 'Routes below /order',
      tables: {
        users: ['GetItem'],
        products: ['GetItem', 'BatchGetItem'],
        // Alternatives, and the exchange rates.
        listings: ['Query'],
        promotions: ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
        orders: [
          'GetItem',
          'BatchGetItem',
          'Query',
          'Query:byUser',
          'Query:byStatus',
          'Query:byMonth',
          'PutItem',
          'DeleteItem',
        ],
        idempotency: ['GetItem', 'PutItem', 'UpdateItem'],
        audit: ['PutItem', 'Query'],
        insights: ['Query', 'Query:byScore'],
      },
      environment: {
        CHECKOUT_STATE_MACHINE_ARN: checkout.stateMachineArn,
        REVERSAL_STATE_MACHINE_ARN: reversal.stateMachineArn,
        PAYMENT_PROVIDER: settings.paymentProvider,
      },
    });
    this.order.allow(['states:StartExecution'], [checkout.stateMachineArn, reversal.stateMachineArn]);
    this.order.allow(['states:SendTaskSuccess'], [checkout.stateMachineArn]);
    this.allowReadingExecutions(checkout);
  }

  /** An execution is named after its order, so its ARN is known only once the order is. */
  private allowReadingExecutions(checkout: StateMachine): void {
    const { region, partition } = Stack.of(this);
    const executionsOf = (account: string, stateMachine: string) =>
      `arn:${partition}:states:${region}:${account}:execution:${stateMachine}:*`;
    this.order.allow(
      ['states:DescribeExecution', 'states:GetExecutionHistory'],
      [executionsOf(Aws.ACCOUNT_ID, checkout.stateMachineName)],
    );
    const machine = Stack.of(this).getLogicalId(cfnStateMachine(checkout));
    acknowledge(
      this.order.role,
      `AwsSolutions-IAM5[Resource::${executionsOf('<AWS::AccountId>', `<${machine}.Name>`)}]`,
      'Executions of this one state machine, each named after an order that does not exist yet.',
    );
  }
}

function cfnStateMachine(stateMachine: StateMachine): CfnStateMachine {
  const { defaultChild } = stateMachine.node;
  if (defaultChild instanceof CfnStateMachine) return defaultChild;
  throw new Error('The state machine construct has no CloudFormation resource');
}
