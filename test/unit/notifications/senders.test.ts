import { BadRequestException, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSesSender } from '../../../shared/adapters/delivery/ses-sender.ts';
import { createPushSender, createSmsSender } from '../../../shared/adapters/delivery/sns-senders.ts';

const ses = mockClient(SESv2Client);
const sns = mockClient(SNSClient);
const region = { region: 'us-east-1' };
const email = createSesSender({ from: 'Shop <orders@shop.example>' }, new SESv2Client(region));
const sms = createSmsSender({ type: 'Transactional', senderId: 'SHOP' }, new SNSClient(region));
const push = createPushSender(new SNSClient(region));
const fault = (name: string, $fault = 'client') => Object.assign(new Error('refused'), { name, $fault });
const invalid = (parameter: string) =>
  Object.assign(new Error(`Invalid parameter: ${parameter} Reason: no`), {
    name: 'InvalidParameterException',
    $fault: 'client',
  });
const endpoint = 'arn:aws:sns:us-east-1:123456789012:endpoint/GCM/Shop/a';
const mail = { subject: 'Hi', text: 'text', html: '<p>text</p>' };

const shipped = { type: 'order_shipped', optIn: false } as const;

const sendMail = () => email.send('ann@example.com', mail, shipped);
const sendText = () => sms.send('+14155550100', { text: 'text' }, shipped);
const sendPush = () => push.send(endpoint, { title: 'Hi', body: 'text' }, shipped);
const lastMail = () => ses.commandCalls(SendEmailCommand).at(-1)?.args[0].input;
const refusing = (message: string) => new BadRequestException({ message, $metadata: {} });

beforeEach(() => {
  ses.reset();
  sns.reset();
  ses.on(SendEmailCommand).resolves({});
  sns.on(PublishCommand).resolves({});
});

describe('e-mail', () => {
  it('goes out as text and HTML, from the stage’s sender', async () => {
    expect(await sendMail()).toEqual({ status: 'sent' });
    expect(ses.commandCalls(SendEmailCommand)[0]?.args[0].input).toMatchObject({
      FromEmailAddress: 'Shop <orders@shop.example>',
      Destination: { ToAddresses: ['ann@example.com'] },
      Content: {
        Simple: {
          Subject: { Data: 'Hi', Charset: 'UTF-8' },
          Body: { Text: { Data: 'text' }, Html: { Data: '<p>text</p>' } },
        },
      },
    });
  });

  it('to an address that SES refuses is undeliverable', async () => {
    ses.on(SendEmailCommand).rejects(refusing('Invalid recipient: ann@example.com'));
    expect(await sendMail()).toEqual({ status: 'undeliverable', reason: 'BadRequestException' });
  });

  it.each(['Illegal address', 'Missing final ’@domain’', 'Invalid header: orders@shop.example'])(
    'that SES refuses as a bad request which does not name the recipient (%s) can be sent later',
    async (message) => {
      ses.on(SendEmailCommand).rejects(refusing(message));
      await expect(sendMail()).rejects.toMatchObject({ name: 'BadRequestException' });
    },
  );

  it('to the sender’s own mailbox is not taken for undeliverable, as SES may mean the sender', async () => {
    ses.on(SendEmailCommand).rejects(refusing('Illegal address orders@shop.example'));
    await expect(email.send('orders@shop.example', mail, shipped)).rejects.toThrow('Illegal');
  });

  it('has the sender’s name as RFC 5322 and 2047 have it', async () => {
    const fromOf = async (from: string) => {
      await createSesSender({ from }, new SESv2Client(region)).send('ann@example.com', mail, shipped);
      return lastMail()?.FromEmailAddress;
    };
    expect(await fromOf('Shop, Inc. <orders@shop.example>')).toBe('"Shop, Inc." <orders@shop.example>');
    expect(await fromOf('"Shop, Inc." <orders@shop.example>')).toBe('"Shop, Inc." <orders@shop.example>');
    const encoded = await fromOf('Käsehütte <orders@shop.example>');
    expect(encoded).toBe(`=?UTF-8?B?${Buffer.from('Käsehütte').toString('base64')}?= <orders@shop.example>`);
    const long = '商店'.repeat(25);
    const words = (await fromOf(`${long} <orders@shop.example>`))?.split(' ').slice(0, -1) ?? [];
    for (const word of words) expect(word.length).toBeLessThanOrEqual(75);
    const bytes = words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString());
    expect(bytes.join('')).toBe(long);
  });

  it('cannot be sent by what is no address', () => {
    const from = 'Shop <orders@shop>';
    expect(() => createSesSender({ from }, new SESv2Client(region))).toThrow(RangeError);
  });

  it('tells how to unsubscribe, if people have to subscribe to it', async () => {
    const promotion = { type: 'promotion', optIn: true } as const;
    const headers = () => lastMail()?.Content?.Simple?.Headers;
    await sendMail();
    expect(headers()).toBeUndefined();
    await email.send('ann@example.com', mail, promotion);
    const toSender = '<mailto:orders@shop.example?subject=unsubscribe>';
    expect(headers()).toEqual([{ Name: 'List-Unsubscribe', Value: toSender }]);
    const settings = { from: 'orders@shop.example', unsubscribe: 'https://shop.example/profile' };
    const other = createSesSender(settings, new SESv2Client(region));
    await other.send('ann@example.com', mail, promotion);
    expect(headers()).toEqual([{ Name: 'List-Unsubscribe', Value: '<https://shop.example/profile>' }]);
  });

  it('is counted by the configuration set of the stage', async () => {
    await sendMail();
    expect(lastMail()).not.toHaveProperty('ConfigurationSetName');
    const settings = { from: 'orders@shop.example', configurationSet: 'shop' };
    await createSesSender(settings, new SESv2Client(region)).send('ann@example.com', mail, shipped);
    expect(lastMail()?.ConfigurationSetName).toBe('shop');
  });

  it.each(['MessageRejected', 'MailFromDomainNotVerifiedException', 'AccessDeniedException'])(
    'that SES refuses of us (%s) can be sent later',
    async (name) => {
      ses.on(SendEmailCommand).rejects(fault(name));
      await expect(sendMail()).rejects.toMatchObject({ name });
    },
  );
});

describe('a text message', () => {
  it('goes to the number, routed and signed as the stage says', async () => {
    expect(await sendText()).toEqual({ status: 'sent' });
    expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toEqual({
      PhoneNumber: '+14155550100',
      Message: 'text',
      MessageAttributes: {
        'AWS.SNS.SMS.SMSType': { DataType: 'String', StringValue: 'Transactional' },
        'AWS.SNS.SMS.SenderID': { DataType: 'String', StringValue: 'SHOP' },
      },
    });
  });

  it('to a number that there is not, or that wants none, is undeliverable', async () => {
    sns.on(PublishCommand).rejects(invalid('PhoneNumber'));
    expect(await sendText()).toMatchObject({ status: 'undeliverable' });
    sns.on(PublishCommand).rejects(fault('OptedOutException'));
    expect(await sendText()).toMatchObject({ status: 'undeliverable' });
  });
});

describe('a parameter that SNS does not take', () => {
  it('and that says nothing of the recipient is ours to mend', async () => {
    sns.on(PublishCommand).rejects(invalid('MessageAttributes'));
    await expect(sendText()).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(sendPush()).rejects.toMatchObject({ name: 'InvalidParameterException' });
    sns.on(PublishCommand).rejects(invalid('TargetArn'));
    expect(await sendPush()).toMatchObject({ status: 'undeliverable' });
  });
});

describe('a push message', () => {
  it('says the same to both makers of telephones', async () => {
    expect(await sendPush()).toEqual({ status: 'sent' });
    const { TargetArn, Message = '' } = sns.commandCalls(PublishCommand)[0]?.args[0].input ?? {};
    expect(TargetArn).toBe(endpoint);
    const sent = JSON.parse(Message);
    expect(JSON.parse(sent.APNS).aps.alert).toEqual({ title: 'Hi', body: 'text' });
    expect(JSON.parse(sent.GCM).fcmV1Message.message.notification).toEqual({ title: 'Hi', body: 'text' });
  });

  it('to an app that was removed is undeliverable, to a disabled application is tried again', async () => {
    sns.on(PublishCommand).rejects(fault('EndpointDisabledException'));
    expect(await sendPush()).toMatchObject({ status: 'undeliverable' });
    sns.on(PublishCommand).rejects(fault('PlatformApplicationDisabledException'));
    await expect(sendPush()).rejects.toMatchObject({ name: 'PlatformApplicationDisabledException' });
  });
});

describe.each([
  ['SES', sendMail, 'TooManyRequestsException'],
  ['SNS for text messages', sendText, 'ThrottledException'],
  ['SNS for push messages', sendPush, 'ThrottledException'],
])('%s', (_service, send, throttle) => {
  it('that has no time has surely sent nothing', async () => {
    ses.on(SendEmailCommand).rejects(fault(throttle));
    sns.on(PublishCommand).rejects(fault(throttle));
    expect(await send()).toEqual({ status: 'throttled' });
  });

  it('that fails may have sent it', async () => {
    ses.on(SendEmailCommand).rejects(fault('InternalFailure', 'server'));
    sns.on(PublishCommand).rejects(fault('InternalErrorException', 'server'));
    expect(await send()).toMatchObject({ status: 'unknown' });
  });
});
