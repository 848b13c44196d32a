import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { readCheckoutDefinition, readReversalDefinition } from './checkout-definition.ts';
import { StageSettingsError } from './choose-settings.ts';
import { Alarms } from './constructs/alarms.ts';
import { Analytics } from './constructs/analytics.ts';
import { ApiFunctions } from './constructs/api-functions.ts';
import { AuditChain } from './constructs/audit-chain.ts';
import { ClientKeys } from './constructs/client-keys.ts';
import { Dashboard } from './constructs/dashboard.ts';
import { Delivery, queuesOf } from './constructs/delivery.ts';
import { Insights } from './constructs/insights.ts';
import { Messaging } from './constructs/messaging.ts';
import { OrderNotices } from './constructs/order-notices.ts';
import { OrderStateMachine } from './constructs/order-state-machine.ts';
import { Reconciler } from './constructs/reconciler.ts';
import { StorefrontApi } from './constructs/rest-api.ts';
import { WebAcl } from './constructs/web-acl.ts';
import { WorkflowFunctions } from './constructs/workflow-functions.ts';
import type { DataStack } from './data-stack.ts';
import type { StageSettings } from './stage-settings.ts';

const lambdas = join(import.meta.dirname, '..', 'lambdas');

export interface BackendStackProps extends StackProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
}

/** All that runs: the API, its Lambdas and the checkout. It holds no data, so it can be thrown away and rebuilt. */
export class BackendStack extends Stack {
  constructor(scope: Construct, id: string, { settings, data, ...props }: BackendStackProps) {
    super(scope, id, props);
    refuseUnknownReservations(settings);
    const messaging = new Messaging(this, 'Messaging', { key: data.key, alarmEmail: settings.alarmEmail });
    const { deliveries } = new Delivery(this, 'Delivery', { settings, data, messaging });
    const analytics = new Analytics(this, 'Analytics', { settings, data });
    const notices = new OrderNotices(this, 'OrderNotices', { settings, data, messaging, analytics });
    const insights = new Insights(this, 'Insights', { settings, data });
    const auditChain = new AuditChain(this, 'AuditChain', { settings, data });
    const tasks = new WorkflowFunctions(this, 'Tasks', { settings, data, messaging, analytics });
    const workflow = {
      settings,
      data,
      functions: {
        OrderWorkflowFunctionArn: tasks.orderWorkflow.live,
        InventoryFunctionArn: tasks.inventory.live,
        PaymentFunctionArn: tasks.payment.live,
        NotificationFunctionArn: tasks.notification.live,
        AnalyticsFunctionArn: tasks.analytics.live,
        AuditFunctionArn: tasks.audit.live,
      },
      deadLetters: messaging.checkoutDeadLetters,
    };
    const { stateMachine, logGroup: checkoutLogs } = new OrderStateMachine(this, 'Checkout', {
      ...workflow,
      name: 'checkout',
      comment: 'From a placed order to a paid and audited one, or back to nothing held and nothing charged',
      definition: readCheckoutDefinition(),
    });
    const { stateMachine: reversal, logGroup: reversalLogs } = new OrderStateMachine(this, 'Reversal', {
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
    const { api, accessLogs } = new StorefrontApi(this, 'Http', {
      settings,
      data,
      handlers: {
        user: handlers.user.live,
        product: handlers.product.live,
        order: handlers.order.live,
        'payment-webhook': handlers.paymentWebhook.live,
      },
      authorizer: handlers.authorizer.live,
    });
    const webAcl = settings.webAcl
      ? new WebAcl(this, 'WebAcl', { settings, webAcl: settings.webAcl, key: data.key, api })
      : undefined;
    if (settings.usagePlan) new ClientKeys(this, 'Clients', { usagePlan: settings.usagePlan, api });
    const { alarms } = new Alarms(this, 'Alarms', {
      settings,
      data,
      insights: insights.counter.live,
      orderNotices: notices.teller.live,
      noticedOrders: notices.orderChanges,
      auditSeal: auditChain.sealer.live,
      webAcl,
      api,
      checkout: stateMachine,
      reversal,
      deadLetters: messaging.checkoutDeadLetters,
      reconciler: reconciler.function,
      missedRuns: reconciler.deadLetters,
      uncounted: insights.deadLetters,
      unsealed: auditChain.deadLetters,
      untold: notices.deadLetters,
      events: analytics.delivery,
      deliveries,
      topic: messaging.operatorAlarms,
    });
    const streamConsumers = {
      insights: insights.counter.live,
      'order-notices': notices.teller.live,
      'audit-seal': auditChain.sealer.live,
    };
    const { dashboard } = new Dashboard(this, 'Dashboard', {
      settings,
      data,
      api,
      checkout: stateMachine,
      reversal,
      lambdas: {
        authorizer: handlers.authorizer.live,
        user: handlers.user.live,
        product: handlers.product.live,
        order: handlers.order.live,
        'payment-webhook': handlers.paymentWebhook.live,
        'order-workflow': tasks.orderWorkflow.live,
        inventory: tasks.inventory.live,
        payment: tasks.payment.live,
        notification: tasks.notification.live,
        analytics: tasks.analytics.live,
        audit: tasks.audit.live,
        announcement: tasks.announcement.live,
        reconciler: reconciler.function,
        ...streamConsumers,
        ...Object.fromEntries(
          deliveries.map(({ channel, deliverer }) => [`delivery-${channel}`, deliverer.live]),
        ),
      },
      streamConsumers,
      channels: deliveries.map(({ channel }) => channel),
      queues: Object.fromEntries(
        deliveries.flatMap(queuesOf).map(({ label, queue }) => [label, queue.queue]),
      ),
      deadLetters: {
        checkout: messaging.checkoutDeadLetters,
        reconciler: reconciler.deadLetters,
        insights: insights.deadLetters,
        'order-notices': notices.deadLetters,
        'audit-seal': auditChain.deadLetters,
        ...Object.fromEntries(
          deliveries.flatMap(queuesOf).map(({ label, queue }) => [label, queue.deadLetters]),
        ),
      },
      events: analytics.stream,
      eventDelivery: analytics.delivery,
      alarms,
    });

    new CfnOutput(this, 'ApiUrl', { value: api.url });
    new CfnOutput(this, 'StateMachineArn', { value: stateMachine.stateMachineArn });
    new CfnOutput(this, 'ReversalStateMachineArn', { value: reversal.stateMachineArn });
    new CfnOutput(this, 'CheckoutDeadLetterQueueUrl', { value: messaging.checkoutDeadLetters.queueUrl });
    new CfnOutput(this, 'OperatorAlarmsTopicArn', { value: messaging.operatorAlarms.topicArn });
    // The operations commands run these Lambdas' tasks again, and look into every dead-letter queue that is told here.
    const repeatable = {
      Payment: tasks.payment,
      Inventory: tasks.inventory,
      OrderWorkflow: tasks.orderWorkflow,
      Notification: tasks.notification,
      Analytics: tasks.analytics,
      Audit: tasks.audit,
    };
    for (const [name, lambda] of Object.entries(repeatable)) {
      new CfnOutput(this, `${name}FunctionName`, { value: lambda.live.functionName });
    }
    new CfnOutput(this, 'InsightsDeadLetterQueueUrl', { value: insights.deadLetters.queueUrl });
    new CfnOutput(this, 'AuditSealDeadLetterQueueUrl', { value: auditChain.deadLetters.queueUrl });
    const told = {
      ReconcilerFunctionName: reconciler.function.functionName,
      OrderNoticesFunctionName: notices.teller.live.functionName,
      ReconcilerDeadLetterQueueUrl: reconciler.deadLetters.queueUrl,
      OrderNotificationsTopicArn: messaging.orderNotifications.topicArn,
      UserNotificationsTopicArn: messaging.userNotifications.topicArn,
      AnalyticsStreamName: analytics.stream.streamName,
      DashboardName: dashboard.dashboardName,
      AnalyticsDeliveryStreamName: analytics.delivery.deliveryStream.ref,
      AnalyticsDatabaseName: analytics.catalogue.databaseName,
      AnalyticsWorkGroupName: analytics.queries.workGroupName,
      AnalyticsDeliveryLogGroupName: analytics.delivery.logGroup.logGroupName,
      AccessLogGroupName: accessLogs.logGroupName,
      CheckoutLogGroupName: checkoutLogs.logGroupName,
      ReversalLogGroupName: reversalLogs.logGroupName,
      ...(webAcl ? { WebAclArn: webAcl.acl.attrArn, WebAclLogGroupName: webAcl.logGroup.logGroupName } : {}),
    };
    for (const [name, value] of Object.entries(told)) new CfnOutput(this, name, { value });
    new CfnOutput(this, 'OrderNoticesDeadLetterQueueUrl', { value: notices.deadLetters.queueUrl });
    for (const { name, queue } of deliveries.flatMap(queuesOf)) {
      new CfnOutput(this, `${name}DeadLetterQueueUrl`, { value: queue.deadLetters.queueUrl });
    }
    new CfnOutput(this, 'AnnouncementFunctionName', { value: tasks.announcement.live.functionName });
  }
}

/** @throws StageSettingsError on a Lambda that does not exist: it would go without what was meant to be kept for it */
function refuseUnknownReservations({ reservedConcurrency }: StageSettings): void {
  const unknown = Object.keys(reservedConcurrency).filter((name) => !existsSync(join(lambdas, name)));
  if (unknown.length > 0) {
    throw new StageSettingsError(`reservedConcurrency: there is no Lambda ${unknown.join(', ')}.`);
  }
}
