import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { Alarms } from './constructs/alarms.ts';
import { Analytics } from './constructs/analytics.ts';
import { ApiFunctions } from './constructs/api-functions.ts';
import { CheckoutWorkflow } from './constructs/checkout-workflow.ts';
import { Messaging } from './constructs/messaging.ts';
import { StorefrontApi } from './constructs/rest-api.ts';
import { WorkflowFunctions } from './constructs/workflow-functions.ts';
import type { DataStack } from './data-stack.ts';
import type { StageSettings } from './stage-settings.ts';

export interface BackendStackProps extends StackProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

/** All that runs: the API, its Lambdas and the checkout. It holds no data, so it can be thrown away and rebuilt. */
export class BackendStack extends Stack {
  constructor(scope: Construct, id: string, { settings, data, ...props }: BackendStackProps) {
    super(scope, id, props);
    const messaging = new Messaging(this, 'Messaging', { key: data.key, alarmEmail: settings.alarmEmail });
    const analytics = new Analytics(this, 'Analytics', { key: data.key });
    const tasks = new WorkflowFunctions(this, 'Tasks', { settings, data, messaging, analytics });
    const { stateMachine } = new CheckoutWorkflow(this, 'Checkout', {
      settings,
      data,
      functions: {
        OrderWorkflowFunctionArn: tasks.orderWorkflow.function,
        InventoryFunctionArn: tasks.inventory.function,
        PaymentFunctionArn: tasks.payment.function,
        NotificationFunctionArn: tasks.notification.function,
        AnalyticsFunctionArn: tasks.analytics.function,
        AuditFunctionArn: tasks.audit.function,
      },
      deadLetters: messaging.checkoutDeadLetters,
    });
    // A policy apart from the role's own: the state machine needs the function, the function waits for its role's
    // policy, and that policy must not wait for the state machine.
    new Policy(this, 'ResumeCheckout', {
      roles: [tasks.orderWorkflow.role],
      statements: [
        new PolicyStatement({
          actions: ['states:SendTaskSuccess'],
          resources: [stateMachine.stateMachineArn],
        }),
      ],
    });
    const handlers = new ApiFunctions(this, 'Handlers', {
      settings,
      data,
      checkout: stateMachine,
      analytics: analytics.stream,
      userNotifications: messaging.userNotifications,
    });
    const { api } = new StorefrontApi(this, 'Http', {
      settings,
      data,
      handlers: {
        user: handlers.user.function,
        product: handlers.product.function,
        order: handlers.order.function,
      },
      authorizer: handlers.authorizer.function,
    });
    new Alarms(this, 'Alarms', {
      api,
      checkout: stateMachine,
      deadLetters: messaging.checkoutDeadLetters,
      topic: messaging.operatorAlarms,
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn });
    new CfnOutput(this, 'CheckoutDeadLetterQueueUrl', { value: messaging.checkoutDeadLetters.queueUrl });
    new CfnOutput(this, 'OperatorAlarmsTopicArn', { value: messaging.operatorAlarms.topicArn });
  }
}
