import { Construct } from 'constructs';
import type { DataStack } from '../data-stack.ts';
import { type StageSettings, workflowLambdaTimeoutSeconds } from '../stage-settings.ts';
import type { Analytics } from './analytics.ts';
import type { Messaging } from './messaging.ts';
import { paymentEnvironment } from './payment-environment.ts';
import { ServiceFunction, type ServiceFunctionProps } from './service-function.ts';

export interface WorkflowFunctionsProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly messaging: Messaging;
  readonly analytics: Analytics;
}

/** The Lambdas behind the checkout's Tasks, one per domain so that they stay warm and their rights stay small. */
export class WorkflowFunctions extends Construct {
  readonly orderWorkflow: ServiceFunction;
  readonly inventory: ServiceFunction;
  readonly payment: ServiceFunction;
  readonly notification: ServiceFunction;
  readonly analytics: ServiceFunction;
  readonly audit: ServiceFunction;
  /** No task of a checkout: an operator starts it. */
  readonly announcement: ServiceFunction;

  constructor(
    scope: Construct,
    id: string,
    { settings, data, messaging, analytics }: WorkflowFunctionsProps,
  ) {
    super(scope, id);
    const timeoutSeconds = workflowLambdaTimeoutSeconds(settings);
    const create = (
      functionId: string,
      props: Omit<ServiceFunctionProps, 'settings' | 'data' | 'timeoutSeconds'>,
    ) => new ServiceFunction(this, functionId, { settings, data, timeoutSeconds, ...props });
    const { orderNotifications, userNotifications } = messaging;

    this.orderWorkflow = create('OrderWorkflow', {
      name: 'order-workflow',
      description:
        'Checkout tasks on the order itself: profile, validation and hold, review, status, repair mark',
      tables: {
        users: ['GetItem', 'UpdateItem'],
        products: ['BatchGetItem', 'UpdateItem'],
        listings: ['Query'],
        // A failed or cancelled order gives the use of its code back.
        promotions: ['UpdateItem', 'DeleteItem'],
        orders: ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem'],
        inventory: ['BatchGetItem', 'PutItem'],
        // The fraud rules' counters are read along with the products.
        idempotency: ['BatchGetItem'],
        audit: ['PutItem'],
      },
      environment: { FRAUD_RULES: JSON.stringify(settings.fraud) },
    });

    this.inventory = create('Inventory', {
      name: 'inventory',
      description: 'Checkout tasks on stock: commit what was held, release what is not sold',
      tables: {
        products: ['BatchGetItem', 'UpdateItem'],
        inventory: ['BatchGetItem', 'PutItem', 'UpdateItem'],
      },
    });
    this.payment = create('Payment', {
      name: 'payment',
      description: 'Checkout tasks on money: authorize, capture, undo',
      // Stripe keeps cards with its own record of the customer, whose id stands in ours.
      tables: {
        orders: ['GetItem', 'UpdateItem'],
        ...(data.stripeSecret ? { users: ['UpdateItem'] } : {}),
      },
      environment: {
        ...paymentEnvironment(settings, data),
        FRAUD_RULES: JSON.stringify(settings.fraud),
      },
    });
    if (data.stripeSecret) this.payment.allowSecret(data.stripeSecret);
    this.notification = create('Notification', {
      name: 'notification',
      description: 'Checkout task that tells the customer, once per order and type',
      tables: { idempotency: ['PutItem', 'UpdateItem'] },
      environment: {
        ORDER_NOTIFICATIONS_TOPIC_ARN: orderNotifications.topicArn,
        USER_NOTIFICATIONS_TOPIC_ARN: userNotifications.topicArn,
      },
    });
    this.notification.allow(['sns:Publish'], [orderNotifications.topicArn, userNotifications.topicArn]);
    this.notification.allowKeyThrough('sns');

    this.analytics = create('Analytics', {
      name: 'analytics',
      description: 'Checkout task that records events for analytics',
      environment: { ANALYTICS_STREAM_NAME: analytics.stream.streamName },
    });
    this.analytics.allow(['kinesis:PutRecord'], [analytics.stream.streamArn]);
    this.analytics.allowKeyThrough('kinesis');

    this.announcement = create('Announcement', {
      name: 'announcement',
      description: 'Announces a promotion to those who subscribed to the newsletter; started by an operator',
      tables: { users: ['Query:byRole'], promotions: ['GetItem'], idempotency: ['PutItem', 'UpdateItem'] },
      environment: { USER_NOTIFICATIONS_TOPIC_ARN: userNotifications.topicArn },
    });
    this.announcement.allow(['sns:Publish'], [userNotifications.topicArn]);
    this.announcement.allowKeyThrough('sns');

    this.audit = create('Audit', {
      name: 'audit',
      description: 'Checkout task that writes the audit trail',
      tables: { audit: ['PutItem'], orders: ['GetItem'] },
    });
  }
}
