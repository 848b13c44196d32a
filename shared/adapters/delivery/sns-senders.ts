import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Sender, SendResult } from '../../notifications/delivery-ports.ts';
import { attempt, senderDefaults } from './sender-client.ts';

export interface SmsSettings {
  readonly type: 'Transactional' | 'Promotional';
  /** Shown as the sender, in countries where that is allowed. */
  readonly senderId?: string | undefined;
}

/** What SNS refuses for the recipient's sake, for good. */
interface Refusals {
  readonly names: readonly string[];
  /** The parameter that says who it is for; an invalid one of another name, such as a sender id, is ours to mend. */
  readonly parameter: string;
}

const badNumber: Refusals = { names: ['OptedOutException', 'OptedOut'], parameter: 'PhoneNumber' };
const badEndpoint: Refusals = {
  names: ['EndpointDisabledException', 'EndpointDisabled', 'NotFoundException', 'NotFound'],
  parameter: 'TargetArn',
};
const invalid: readonly string[] = ['InvalidParameterException', 'InvalidParameter'];

/** Text messages by SNS. */
export function createSmsSender(
  { type, senderId }: SmsSettings,
  client = new SNSClient(senderDefaults),
): Sender<'sms'> {
  const text = (StringValue: string) => ({ DataType: 'String', StringValue });
  return {
    send: (to, content) =>
      publish(client, badNumber, {
        PhoneNumber: to,
        Message: content.text,
        MessageAttributes: {
          'AWS.SNS.SMS.SMSType': text(type),
          ...(senderId === undefined ? {} : { 'AWS.SNS.SMS.SenderID': text(senderId) }),
        },
      }),
  };
}

/** Push messages to an app's endpoint, by SNS; the same text for Apple's and Google's services. */
export function createPushSender(client = new SNSClient(senderDefaults)): Sender<'push'> {
  return {
    send: (to, { title, body }) =>
      publish(client, badEndpoint, {
        TargetArn: to,
        MessageStructure: 'json',
        Message: JSON.stringify({
          default: `${title}: ${body}`,
          APNS: JSON.stringify({ aps: { alert: { title, body }, sound: 'default' } }),
          GCM: JSON.stringify({ fcmV1Message: { message: { notification: { title, body } } } }),
        }),
      }),
  };
}

function publish(
  client: SNSClient,
  refusals: Refusals,
  input: ConstructorParameters<typeof PublishCommand>[0],
): Promise<SendResult> {
  const command = new PublishCommand(input);
  return attempt(
    'SNS',
    () => client.send(command),
    (error) => isFinal(error, refusals),
  );
}

/** SNS writes `Invalid parameter: PhoneNumber Reason: …`. */
function isFinal({ name, message }: Error, { names, parameter }: Refusals): boolean {
  return names.includes(name) || (invalid.includes(name) && message.includes(`parameter: ${parameter} `));
}
