import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { type Channel, channelsOf } from '../notifications/notification.ts';
import type { Notification, Notifier } from '../notifications/notifier.ts';
import { clientDefaults } from './aws-client.ts';
import { awsCall } from './aws-faults.ts';

export type TopicArns = Readonly<Partial<Record<Notification['topic'], string>>>;

/** Publishes to the topics that the Lambda was given; attributes are what subscribers filter on. */
export function createSnsNotifier(topics: TopicArns, client = new SNSClient(clientDefaults)): Notifier {
  return {
    async publish(notification) {
      const topicArn = topics[notification.topic];
      if (!topicArn) {
        throw new Error(`This Lambda has no topic for ${notification.topic} notifications`);
      }
      const { role, type } = notification;
      const command = new PublishCommand({
        TopicArn: topicArn,
        Message: JSON.stringify(notification),
        MessageAttributes: {
          channel: channelAttribute(channelsOf(notification)),
          role: { DataType: 'String', StringValue: role },
          type: { DataType: 'String', StringValue: type },
        },
      });
      await awsCall('SNS', () => client.send(command));
    },
  };
}

/** A filter that names one channel matches it inside a list too. */
function channelAttribute(channels: readonly Channel[]) {
  const [only, ...more] = channels;
  return only !== undefined && more.length === 0
    ? { DataType: 'String', StringValue: only }
    : { DataType: 'String.Array', StringValue: JSON.stringify(channels) };
}
