import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type Channel, channels, reachesStaff, typesOver } from '../../shared/notifications/notification.ts';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import { configuredChannels, type NotificationSettings } from '../notification-settings.ts';
import type { StageSettings } from '../stage-settings.ts';
import { DeliveryQueue, type Pace } from './delivery-queue.ts';
import type { Messaging } from './messaging.ts';
import { ServiceFunction } from './service-function.ts';

export interface DeliveryProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly messaging: Messaging;
}

/** How messages reach people over one channel. */
export interface ChannelDelivery {
  readonly channel: Channel;
  /** Of the channel, as outputs and alarms begin. */
  readonly name: string;
  readonly queue: DeliveryQueue;
  /** What was published to very many at once, where the channel has such events. */
  readonly bulk: DeliveryQueue | undefined;
  readonly deliverer: ServiceFunction;
}

/** The queues of a channel: named as outputs begin, labelled as people read it. */
export function queuesOf({ channel, name, queue, bulk }: ChannelDelivery) {
  return [
    { name, label: `${channel}`, queue },
    ...(bulk ? [{ name: `${name}Mailings`, label: `${channel} mailings`, queue: bulk }] : []),
  ];
}

/** A delivery that takes longer reports it; the queue's messages stay invisible for six times as long. */
const timeoutSeconds = 15;
/** Some seven minutes of tries, so that a code that goes through late is still good for some. */
const singly: Pace = { maximumReceives: 5, batchSize: 10, maximumConcurrency: 5 };
/**
 * Two at a time, each of which the Lambda holds for half a second: some four in a second, which leaves most of what a
 * provider takes to codes and orders. An hour and a half of tries, as nobody waits for a mailing.
 */
const inBulk: Pace = { maximumReceives: 60, batchSize: 1, maximumConcurrency: 2 };
const ids = { email: 'Email', sms: 'Sms', push: 'Push' } as const satisfies Record<Channel, string>;

/**
 * A Lambda and its queues for each channel that the stage has. What would go over a channel that it has not is not kept
 * for it: the topics drop what no filter lets through.
 */
export class Delivery extends Construct {
  readonly deliveries: readonly ChannelDelivery[];

  constructor(scope: Construct, id: string, props: DeliveryProps) {
    super(scope, id);
    const { notifications } = props.settings;
    const configured = configuredChannels(notifications);
    this.deliveries = channels
      .filter((channel) => configured.includes(channel))
      .map((channel) => this.deliverOver(channel, props));
    this.say(configured, notifications.staff);
  }

  private deliverOver(channel: Channel, { settings, data, messaging }: DeliveryProps): ChannelDelivery {
    const { notifications } = settings;
    const { orderNotifications, userNotifications } = messaging;
    const scope = new Construct(this, ids[channel]);
    const queue = new DeliveryQueue(scope, 'Messages', {
      channel,
      types: typesOver(channel, { bulk: false }),
      key: data.key,
      topics: { Orders: orderNotifications, Users: userNotifications },
      pace: singly,
    });
    const bulkTypes = typesOver(channel, { bulk: true });
    const bulk =
      bulkTypes.length === 0
        ? undefined
        : new DeliveryQueue(scope, 'Mailings', {
            channel,
            types: bulkTypes,
            key: data.key,
            topics: { Users: userNotifications },
            pace: inBulk,
          });
    const deliverer = new ServiceFunction(scope, 'Deliverer', {
      name: `delivery-${channel}`,
      description: `Delivers notifications by ${channel}, once to each recipient`,
      settings,
      data,
      timeoutSeconds,
      tables: {
        users: reachesStaff(channel) ? ['GetItem', 'Query:byRole'] : ['GetItem'],
        idempotency: ['UpdateItem'],
      },
      environment: {
        STAFF_ADDRESSES: notifications.staff.join(','),
        ...environmentOf(channel, notifications),
      },
    });
    allowSending(channel, deliverer, notifications);
    const queues = bulk ? [queue, bulk] : [queue];
    deliverer.allow(
      ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
      queues.map((one) => one.queue.queueArn),
    );
    deliverer.allowKeyThrough('sqs');
    for (const one of queues) one.feed(deliverer);
    return { channel, name: ids[channel], queue, bulk, deliverer };
  }

  /** Whoever deploys should not learn from customers that nothing is delivered. */
  private say(configured: readonly Channel[], staff: readonly string[]): void {
    new CfnOutput(Stack.of(this), 'NotificationChannels', { value: configured.join(',') || 'none' });
    new CfnOutput(Stack.of(this), 'StaffAddresses', { value: staff.join(',') || 'none' });
    if (configured.includes('email')) return;
    Annotations.of(this).addWarningV2(
      'storefront:noEmail',
      configured.includes('sms')
        ? 'This stage sends no e-mail: only who has a telephone number is told about orders, and can log in from a new device.'
        : 'This stage delivers no e-mail and no text messages: nobody is told about orders, and nobody can log in from a new device.',
    );
  }
}

function environmentOf(
  channel: Channel,
  { email, sms }: NotificationSettings,
): Readonly<Record<string, string>> {
  if (channel === 'email' && email) {
    const { from, configurationSet, unsubscribe } = email;
    return {
      EMAIL_FROM: from,
      ...(configurationSet === undefined ? {} : { EMAIL_CONFIGURATION_SET: configurationSet }),
      ...(unsubscribe === undefined ? {} : { EMAIL_UNSUBSCRIBE: unsubscribe }),
    };
  }
  if (channel === 'sms' && sms) {
    return { SMS_TYPE: sms.type, ...(sms.senderId === undefined ? {} : { SMS_SENDER_ID: sms.senderId }) };
  }
  return {};
}

/** Each channel's Lambda may send in its one way. */
function allowSending(
  channel: Channel,
  deliverer: ServiceFunction,
  { email, push }: NotificationSettings,
): void {
  const { account, partition, region } = Stack.of(deliverer);
  if (channel === 'email' && email) {
    const ours = `arn:${partition}:ses:${region}:${account}`;
    const { identity, configurationSet } = email;
    deliverer.allow(
      ['ses:SendEmail'],
      [
        `${ours}:identity/${identity}`,
        ...(configurationSet === undefined ? [] : [`${ours}:configuration-set/${configurationSet}`]),
      ],
    );
  }
  if (channel === 'sms') allowTextMessages(deliverer);
  if (channel === 'push' && push) {
    const endpoints = `${push.applicationArn.replace(':app/', ':endpoint/')}/*`;
    deliverer.allow(['sns:Publish'], [endpoints]);
    acknowledge(
      deliverer.role,
      `AwsSolutions-IAM5[Resource::${endpoints}]`,
      'The endpoints of this one platform application: each is made when somebody installs the app.',
    );
  }
}

/** A telephone number is no resource: AWS knows the right to text only as that to publish anywhere. */
function allowTextMessages(deliverer: ServiceFunction): void {
  deliverer.allow(['sns:Publish'], ['*']);
  deliverer.role.addToPolicy(
    new PolicyStatement({
      sid: 'NoTopicAndNoEndpoint',
      effect: Effect.DENY,
      actions: ['sns:Publish'],
      resources: ['arn:*:sns:*:*:*'],
    }),
  );
  acknowledge(
    deliverer.role,
    'AwsSolutions-IAM5[Resource::arn:*:sns:*:*:*]',
    'A denial: it leaves of the right to publish anywhere the telephone numbers alone.',
  );
}
