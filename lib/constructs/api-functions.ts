import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Stream } from 'aws-cdk-lib/aws-kinesis';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { CfnStateMachine, type StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { corsEnvironment } from '../../shared/api/cors.ts';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import { configuredChannels } from '../notification-settings.ts';
import type { StageSettings } from '../stage-settings.ts';
import { paymentEnvironment } from './payment-environment.ts';
import { ServiceFunction, type ServiceFunctionProps, type TableAccess } from './service-function.ts';

export interface ApiFunctionsProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly checkout: StateMachine;
  /** Takes what clients report of their user interface. */
  readonly analytics: Stream;
  /** Carries login codes. */
  readonly userNotifications: ITopic;
  /** Takes alerts to the staff of what happened to a payment at the provider. */
  readonly orderNotifications: ITopic;
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
  readonly paymentWebhook: ServiceFunction;

  constructor(scope: Construct, id: string, props: ApiFunctionsProps) {
    super(scope, id);
    const { settings, data, checkout, reversal, userNotifications, analytics } = props;
    const timeoutSeconds = settings.lambda.apiTimeoutSeconds;
    const create = (
      functionId: string,
      props: Omit<ServiceFunctionProps, 'settings' | 'data' | 'timeoutSeconds'>,
    ) => new ServiceFunction(this, functionId, { settings, data, timeoutSeconds, ...props });
    const { domain, audience, connection, clientId, issuer } = settings.auth0;
    const tokenEnvironment = {
      AUTH0_ISSUER: issuer ?? `https://${domain}/`,
      AUTH0_AUDIENCE: audience,
      ...(clientId === undefined ? {} : { AUTH0_CLIENT_ID: clientId }),
    };
    const cors = corsEnvironment(settings.cors.allowedOrigins);

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
        users: ['GetItem', 'Query:byRole', 'Query:byListing', 'PutItem', 'UpdateItem', 'ConditionCheckItem'],
        // Limits, codes of second factors; export and erasure of what orders left here.
        idempotency: ['BatchGetItem', 'PutItem', 'UpdateItem', 'DeleteItem'],
        // Checkouts that wait for the profile; export, and orders without personal data.
        orders: ['GetItem', 'BatchGetItem', 'Query', 'Query:byUser', 'PutItem', 'DeleteItem'],
        // Members of staff leave a trace on what they change.
        products: ['GetItem', 'UpdateItem'],
        audit: ['PutItem', 'Query', 'Query:byActor'],
      },
      environment: {
        ...tokenEnvironment,
        ...cors,
        AUTH0_CONNECTION: connection,
        AUTH0_SECRET_ARN: data.auth0Secret.secretArn,
        DISCLOSE_IDENTITY: String(settings.discloseIdentity),
        CHECKOUT_STATE_MACHINE_ARN: checkout.stateMachineArn,
        ANALYTICS_STREAM_NAME: analytics.streamName,
        LOGIN_LIMITS: JSON.stringify(settings.login.limits),
        CAPTCHA_VERIFY_URL: settings.login.captchaVerifyUrl,
        CAPTCHA_SECRET_ARN: data.captchaSecret.secretArn,
        MFA_SECRET_ARN: data.mfaSecret.secretArn,
        USER_NOTIFICATIONS_TOPIC_ARN: userNotifications.topicArn,
        NOTIFICATION_CHANNELS: configuredChannels(settings.notifications).join(','),
      },
    });
    const secrets = [data.auth0Secret, data.captchaSecret, data.mfaSecret];
    this.user.allow(
      ['secretsmanager:GetSecretValue'],
      secrets.map(({ secretArn }) => secretArn),
    );
    this.user.allowKeyThrough('secretsmanager');
    this.user.allow(['states:SendTaskSuccess'], [checkout.stateMachineArn]);
    this.user.allow(['kinesis:PutRecords'], [analytics.streamArn]);
    this.user.allowKeyThrough('kinesis');
    this.allowDeletingUsers(data);
    this.allowErasingTraces(data);
    this.user.allow(['sns:Publish'], [userNotifications.topicArn]);
    this.user.allowKeyThrough('sns');

    this.product = create('Product', {
      name: 'product',
      description: 'Routes below /product',
      tables: {
        ...dispatcherAccess,
        products: ['GetItem', 'BatchGetItem', 'PutItem', 'UpdateItem'],
        listings: ['Query', 'Query:byName', 'PutItem', 'DeleteItem'],
        inventory: ['Query:ledger', 'PutItem'],
        audit: ['PutItem', 'Query'],
      },
      environment: { ...tokenEnvironment, ...cors },
    });
    this.order = create('Order', {
      name: 'order',
      description: 'Routes below /order',
      tables: {
        // An order is placed on the condition that the account is still open.
        users: ['GetItem', 'ConditionCheckItem'],
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
        // Whether an order's stock is sold, before it is shipped.
        inventory: ['BatchGetItem'],
      },
      environment: {
        ...cors,
        CHECKOUT_STATE_MACHINE_ARN: checkout.stateMachineArn,
        REVERSAL_STATE_MACHINE_ARN: reversal.stateMachineArn,
        PAYMENT_PROVIDER: settings.payments.provider,
        FRAUD_RULES: JSON.stringify(settings.fraud),
        // How long the counters of an order must be there.
        PROFILE_TIMEOUT_SECONDS: String(settings.workflow.profileTimeoutSeconds),
      },
    });
    this.paymentWebhook = this.createPaymentWebhook(props, timeoutSeconds);
    this.order.allow(['states:StartExecution'], [checkout.stateMachineArn, reversal.stateMachineArn]);
    this.order.allow(['states:SendTaskSuccess'], [checkout.stateMachineArn]);
    this.allowReadingExecutions(this.user, checkout, ['states:DescribeExecution']);
    this.allowReadingExecutions(this.order, checkout, [
      'states:DescribeExecution',
      'states:GetExecutionHistory',
    ]);
  }

  /** A Lambda of its own, so that the order Lambda carries neither the provider's library nor its secret. */
  private createPaymentWebhook(
    { settings, data, orderNotifications }: ApiFunctionsProps,
    timeoutSeconds: number,
  ): ServiceFunction {
    const webhook = new ServiceFunction(this, 'PaymentWebhook', {
      settings,
      data,
      timeoutSeconds,
      name: 'payment-webhook',
      description: 'Takes events of the payment provider and sets records and orders right by them',
      tables: {
        orders: ['GetItem', 'PutItem', 'UpdateItem'],
        audit: ['PutItem'],
        idempotency: ['PutItem', 'UpdateItem'],
      },
      environment: {
        ...paymentEnvironment(settings, data),
        ORDER_NOTIFICATIONS_TOPIC_ARN: orderNotifications.topicArn,
      },
    });
    if (data.stripeSecret) webhook.allowSecret(data.stripeSecret);
    webhook.allow(['sns:Publish'], [orderNotifications.topicArn]);
    webhook.allowKeyThrough('sns');
    return webhook;
  }

  /** Accounts and their names go; the register of erasures stays. */
  private allowDeletingUsers({ tables }: DataStack): void {
    this.user.role.addToPolicy(
      new PolicyStatement({
        actions: ['dynamodb:DeleteItem'],
        resources: [tables.users.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['USER#*', 'EMAIL#*', 'USERNAME#*'] },
        },
      }),
    );
  }

  /** The trail is append-only but for an erasure, which may overwrite where somebody was and what they wrote. */
  private allowErasingTraces({ tables }: DataStack): void {
    const { tableArn } = tables.audit.table;
    this.user.role.addToPolicy(
      new PolicyStatement({
        actions: ['dynamodb:UpdateItem'],
        resources: [tableArn],
        conditions: {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'where', 'reason'] },
          StringEqualsIfExists: { 'dynamodb:ReturnValues': ['NONE', 'UPDATED_OLD', 'UPDATED_NEW'] },
        },
      }),
    );
  }

  /** An execution is named after its order, so its ARN is known only once the order is. */
  private allowReadingExecutions(
    reader: ServiceFunction,
    checkout: StateMachine,
    actions: readonly string[],
  ): void {
    const { region, partition } = Stack.of(this);
    const executionsOf = (account: string, stateMachine: string) =>
      `arn:${partition}:states:${region}:${account}:execution:${stateMachine}:*`;
    reader.allow(actions, [executionsOf(Aws.ACCOUNT_ID, checkout.stateMachineName)]);
    const machine = Stack.of(this).getLogicalId(cfnStateMachine(checkout));
    acknowledge(
      reader.role,
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
