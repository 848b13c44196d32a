import { z } from 'zod';
import type { SubscriptionModel } from '../template/messaging-model.ts';
import { AwsError } from './aws-error.ts';
import type { Stores } from './stores.ts';

export interface Topics {
  readonly topicArns: readonly string[];
  readonly subscriptions: readonly SubscriptionModel[];
}

/** SNS Publish: to a topic, whose queues get what passes their filters; to a telephone; or to an app's endpoint. */
export function publish(form: URLSearchParams, stores: Stores, topics: Topics): { MessageId: string } {
  const target = form.get('TopicArn') ?? form.get('TargetArn') ?? undefined;
  const phone = form.get('PhoneNumber') ?? undefined;
  const message = form.get('Message');
  if (!message) throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
  if (target?.includes(':endpoint/')) {
    const text = form.get('MessageStructure') === 'json' ? defaultOf(message) : message;
    return { MessageId: stores.deliver({ channel: 'push', to: target, text }).id };
  }
  if (target === undefined) {
    if (phone === undefined)
      throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn or PhoneNumber is required');
    return { MessageId: stores.deliver({ channel: 'sms', to: phone, text: message }).id };
  }
  if (!topics.topicArns.includes(target)) throw new AwsError('NotFound', 'Topic does not exist', 404);
  return { MessageId: publishToTopic(form, target, message, stores, topics.subscriptions) };
}

function publishToTopic(
  form: URLSearchParams,
  topicArn: string,
  message: string,
  stores: Stores,
  subscriptions: readonly SubscriptionModel[],
): string {
  const subject = form.get('Subject');
  const values = messageAttributes(form);
  const shown = Object.entries(values).map(([name, list]) => [name, list.join(', ')]);
  const { id } = stores.publish({
    topic: topicArn.split(':').at(-1) ?? '',
    topicArn,
    ...(subject ? { subject } : {}),
    message,
    attributes: Object.fromEntries(shown),
  });
  for (const { queue, filter, topicArn: from } of subscriptions) {
    const passes = Object.entries(filter).every(([name, wanted]) =>
      values[name]?.some((value) => wanted.includes(value)),
    );
    if (from === topicArn && passes) stores.send(queue, message);
  }
  return id;
}

/** In the Query protocol's fields: `MessageAttributes.entry.1.Name`, `….Value.StringValue`, `….Value.DataType`. */
function messageAttributes(form: URLSearchParams): Record<string, readonly string[]> {
  const attributes: Record<string, readonly string[]> = {};
  for (let index = 1; ; index += 1) {
    const entry = `MessageAttributes.entry.${index}`;
    const name = form.get(`${entry}.Name`);
    if (name === null) return attributes;
    const value = form.get(`${entry}.Value.StringValue`) ?? '';
    const isList = form.get(`${entry}.Value.DataType`) === 'String.Array';
    attributes[name] = isList ? z.array(z.string()).parse(JSON.parse(value)) : [value];
  }
}

function defaultOf(message: string): string {
  return z.looseObject({ default: z.string() }).parse(JSON.parse(message)).default;
}
