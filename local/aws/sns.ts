import { AwsError } from './aws-error.ts';
import type { Stores } from './stores.ts';

/** SNS Publish in the Query protocol's fields: `MessageAttributes.entry.1.Name`, `….Value.StringValue`. */
export function publish(
  form: URLSearchParams,
  stores: Stores,
  topicArns: readonly string[],
): { MessageId: string } {
  const topicArn = form.get('TopicArn') ?? form.get('TargetArn') ?? undefined;
  const phone = form.get('PhoneNumber') ?? undefined;
  const message = form.get('Message');
  if (!message) throw new AwsError('InvalidParameter', 'Invalid parameter: Empty message');
  if (topicArn === undefined && phone === undefined)
    throw new AwsError('InvalidParameter', 'Invalid parameter: TopicArn or PhoneNumber is required');
  if (topicArn !== undefined && !topicArns.includes(topicArn))
    throw new AwsError('NotFound', 'Topic does not exist', 404);
  const subject = form.get('Subject');
  const { id } = stores.publish({
    topic: topicArn?.split(':').at(-1) ?? phone ?? '',
    ...(topicArn === undefined ? {} : { topicArn }),
    ...(subject ? { subject } : {}),
    message,
    attributes: messageAttributes(form),
  });
  return { MessageId: id };
}

function messageAttributes(form: URLSearchParams): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (let index = 1; ; index += 1) {
    const name = form.get(`MessageAttributes.entry.${index}.Name`);
    if (name === null) return attributes;
    attributes[name] = form.get(`MessageAttributes.entry.${index}.Value.StringValue`) ?? '';
  }
}
