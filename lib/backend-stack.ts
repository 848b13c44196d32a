import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { readCheckoutDefinition, readReversalDefinition } from './checkout-definition.ts';
import { Alarms } from './constructs/alarms.ts';
import { Analytics } from './constructs/analytics.ts';
import { ApiFunctions } from './constructs/api-functions.ts';
import { Insights } from './constructs/insights.ts';
import { Messaging } from './constructs/messaging.ts';
import { OrderStateMachine } from './constructs/order-state-machine.ts';
import { Reconciler } from './constructs/reconciler.ts';
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
    const insights = new Insights(this, 'Insights', { settings, data });
    const tasks = new WorkflowFunctions(this, 'Tasks', { settings, data, messaging, analytics });
    const workflow = {
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
    };
    const { stateMachine } = new OrderStateMachine(this, 'Checkout', {
      ...workflow,
      name: 'checkout',
      comment: 'From a placed order to a paid and audited one, or back to nothing held and nothing charged',
      definition: readCheckoutDefinition(),
    });
    const { stateMachine: reversal } = new OrderStateMachine(this, 'Reversal', {
      ...workflow,
      name: 'reversal',
      comment: 'Takes a paid order back: money returned, and the stock too unless it was shipped',
      definition: readReversalDefinition(),
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
      reversal,
      analytics: analytics.stream,
      userNotifications: messaging.userNotifications,
      orderNotifications: messaging.orderNotifications,
    });
    const reconciler = new Reconciler(this, 'Reconciler', {
      settings,
      data,
      checkout: stateMachine,
      reversal,
    });
    const { api } = new StorefrontApi(this, 'Http', {
      settings,
      data,
      handlers: {
        user: handlers.user.function,
        product: handlers.product.function,
        order: handlers.order.function,
        'payment-webhook': handlers.paymentWebhook.function,
      },
      authorizer: handlers.authorizer.function,
    });
    new Alarms(this, 'Alarms', {
      api,
      checkout: stateMachine,
      reversal,
      deadLetters: messaging.checkoutDeadLetters,
      reconciler: reconciler.function,
      uncounted: insights.deadLetters,
      topic: messaging.operatorAlarms,
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn });
    new CfnOutput(this, 'CheckoutDeadLetterQueueUrl', { value: messaging.checkoutDeadLetters.queueUrl });
    new CfnOutput(this, 'OperatorAlarmsTopicArn', { value: messaging.operatorAlarms.topicArn });
  }
}
