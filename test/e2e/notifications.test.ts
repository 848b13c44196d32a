import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { SQSClient, StartMessageMoveTaskCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeliveredMessage } from '../../local/aws/outbox.ts';
import { localChannels } from '../../local/messaging/local-channels.ts';
import type { FailureHook } from '../../local/options.ts';
import { eventually } from '../support/local-stack.ts';
import { mentions } from '../support/mentions.ts';
import { type Customer, items, openShop, password, type Shop } from '../support/shop.ts';

let shop: Shop;
let sns: SNSClient;
let sqs: SQSClient;
let failure: FailureHook | undefined;
const logs: string[] = [];

beforeAll(async () => {
  shop = await openShop({
    settings: { notifications: localChannels },
    failures: (call) => failure?.(call),
    onLambdaLog: (_name, text) => logs.push(text),
    prewarm: true,
    // A message that failed is invisible for a fifth of a second.
    retryIntervalScale: 0.002,
  });
  await shop.runtime.warmed();
  const local = {
    endpoint: shop.runtime.awsEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  };
  sns = new SNSClient(local);
  sqs = new SQSClient(local);
});
afterAll(async () => {
  sns?.destroy();
  sqs?.destroy();
  await shop?.stop();
});
beforeEach(() => {
  failure = undefined;
});

const deliveredTo = (to: string) => shop.runtime.delivered().filter((message) => message.to === to);
const subjectsOf = (to: string) => deliveredTo(to).map(({ subject }) => subject);

/** Waits for what was sent to somebody under a subject. */
const mailTo = (to: string, subject: string): Promise<DeliveredMessage> =>
  eventually(() => deliveredTo(to).find((mail) => mail.subject === subject));

async function paidOrder(customer: Customer, product?: string): Promise<string> {
  const { json } = await shop.place(customer, { items: items(product ?? (await shop.newProduct())) });
  expect((await shop.settled(json.orderId)).status).toBe('Paid');
  return json.orderId;
}

/** Publishes again what was published about an order. */
async function publishAgain(orderId: string): Promise<void> {
  const { topicArn, message } = publishedOf(orderId);
  const value = (StringValue: string) => ({ DataType: 'String', StringValue });
  const MessageAttributes = {
    channel: value('email'),
    role: value('Customer'),
    type: value('order_confirmation'),
  };
  await sns.send(new PublishCommand({ TopicArn: topicArn, Message: message, MessageAttributes }));
}

function publishedOf(orderId: string) {
  const found = shop.runtime.outbox().find(({ message }) => message.includes(orderId));
  if (!found) throw new Error(`Nothing was published about ${orderId}`);
  return found;
}

/** Counts the batches that the e-mail Lambda has answered. */
const batches = () => shop.runtime.counters.invocations()['delivery-email'] ?? 0;

const error = { errorType: 'Error', errorMessage: 'injected' };

describe('a paid order', () => {
  it('is confirmed by mail, and by text message where there is a telephone', async () => {
    const [silent, customer] = [await shop.newCustomer(), await shop.newCustomer()];
    const body = { phone: '+14155550123' };
    expect((await shop.call('PATCH', '/user/me', { token: customer.token, body })).status).toBe(200);
    await paidOrder(silent);
    const orderId = await paidOrder(customer);
    const mail = await mailTo(customer.email, 'Your order is confirmed');
    expect(mail.from).toBe(localChannels.email.from);
    expect(mail.text).toContain('your payment of $10.00');
    expect(mail.text).toContain(orderId);
    expect(mail.html).toContain(`<p>Your order number is ${orderId}.</p>`);
    const [text] = await eventually(() => {
      const texts = deliveredTo(body.phone);
      return texts.length > 0 ? texts : undefined;
    });
    expect(text).toMatchObject({
      channel: 'sms',
      text: expect.stringContaining(`Order ${orderId} confirmed`),
    });
    await mailTo(silent.email, 'Your order is confirmed');
    expect(shop.runtime.delivered().filter(({ channel }) => channel === 'sms')).toHaveLength(1);
  });

  it('that fails tells why', async () => {
    const customer = await shop.newCustomer();
    const body = {
      items: items(await shop.newProduct()),
      paymentMethod: { token: 'pm_card_visa_chargeDeclined' },
    };
    await shop.place(customer, body);
    expect((await mailTo(customer.email, 'Your payment failed')).text).toContain('declined');
  });

  it('is seen with recipient and text in the outbox, beside what was published', async () => {
    const { json, status } = await shop.call('GET', '/outbox.json');
    expect(status).toBe(200);
    expect(json.items[0]).toMatchObject({ topic: expect.any(String), message: expect.any(String) });
    expect(json.delivered[0]).toMatchObject({
      channel: expect.any(String),
      to: expect.any(String),
      text: expect.any(String),
    });
    expect((await shop.call('GET', '/outbox')).text).toContain('Your order is confirmed');
  });
});

describe('a message', () => {
  it('that comes again is not delivered again, nor when the Lambda failed after its work', async () => {
    const customer = await shop.newCustomer();
    let failed = 0;
    failure = ({ functionName }) => {
      if (functionName !== 'delivery-email' || failed > 0) return undefined;
      failed += 1;
      return { when: 'after', error };
    };
    const orderId = await paidOrder(customer);
    await mailTo(customer.email, 'Your order is confirmed');
    await eventually(() => (failed > 0 && batches() >= 2 ? true : undefined));
    const before = batches();
    await publishAgain(orderId);
    const repeated = () =>
      logs.filter((line) => line.includes(orderId) && line.includes('delivered before')).length;
    await eventually(() => (batches() > before && repeated() >= 2 ? true : undefined));
    expect(subjectsOf(customer.email)).toEqual(['Your order is confirmed']);
  });

  it('that fails is tried again, and delivered', async () => {
    const customer = await shop.newCustomer();
    let left = 2;
    failure = ({ functionName }) => {
      if (functionName !== 'delivery-email' || left === 0) return undefined;
      left -= 1;
      return { when: 'before', error };
    };
    await paidOrder(customer);
    await mailTo(customer.email, 'Your order is confirmed');
    expect(left).toBe(0);
  });

  it('that goes on failing ends in the dead-letter queue, and is delivered when it comes back from there', async () => {
    const customer = await shop.newCustomer();
    failure = ({ functionName }) =>
      functionName === 'delivery-email' ? { when: 'before', error } : undefined;
    const orderId = await paidOrder(customer);
    const dead = () => shop.runtime.queueMessages('DeliveryEmailMessagesDeadLetters');
    const message = await eventually(() => dead().find((body) => body.includes(orderId)));
    expect(JSON.parse(message)).toMatchObject({ type: 'order_confirmation', userId: customer.userId });
    expect(message).not.toContain(customer.email);
    expect(subjectsOf(customer.email)).toEqual([]);
    failure = undefined;
    const name = 'DeliveryEmailMessagesDeadLetters';
    const arnOf = (queue: string) => `arn:aws:sqs:us-east-1:000000000000:${queue}`;
    const [SourceArn, DestinationArn] = [arnOf(name), arnOf('DeliveryEmailMessagesQueue')];
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn }));
    await mailTo(customer.email, 'Your order is confirmed');
    expect(dead()).toEqual([]);
  });
});

describe('a login code', () => {
  it('arrives at the mailbox, and lets in', async () => {
    const customer = await shop.newCustomer();
    const body = { email: customer.email, password, deviceInfo: { os: 'iOS', browser: 'Safari' } };
    const asked = await shop.call('POST', '/user/login', { ip: '198.51.100.9', body });
    expect(asked.json).toMatchObject({ code: 'mfa_required', channels: ['email'] });
    const { text } = await mailTo(customer.email, 'Your login code');
    const code = /\b\d{6}\b/.exec(text)?.[0];
    const mfa = { challengeId: asked.json.challengeId, code };
    const letIn = await shop.call('POST', '/user/login', { ip: '198.51.100.9', body: { ...body, mfa } });
    expect(letIn.status).toBe(200);
    const logged = logs.join('');
    for (const value of [String(code), customer.email]) expect(mentions(logged, value)).toBe(false);
  });
});

describe('an order that is held', () => {
  it('asks the staff for a review and tells the customer each step until it arrives', async () => {
    const customer = await shop.newCustomer();
    const body = {
      items: items(await shop.newProduct()),
      paymentMethod: { token: 'pm_card_riskLevelElevated' },
    };
    const { orderId } = (await shop.place(customer, body)).json;
    await mailTo('manager@example.com', `Review needed: order ${orderId}`);
    await mailTo('admin@example.com', `Review needed: order ${orderId}`);
    await mailTo(customer.email, 'We are checking your order');
    const reason = { reason: 'known customer' };
    await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: reason });
    expect((await shop.settled(orderId)).status).toBe('Paid');
    await mailTo(customer.email, 'Your order is accepted');
    await mailTo(customer.email, 'Your order is confirmed');
    for (const [status, subject] of [
      ['Shipped', 'Your order is on its way'],
      ['Delivered', 'Your order has arrived'],
    ] as const) {
      await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status } });
      await mailTo(customer.email, subject);
    }
    expect(subjectsOf(customer.email).sort()).toEqual([
      'We are checking your order',
      'Your order has arrived',
      'Your order is accepted',
      'Your order is confirmed',
      'Your order is on its way',
    ]);
  });
});

describe('what a stream gives to know', () => {
  /** Fails as many batches of the Lambda that tells it. */
  const failNotices = (times: number) => {
    let left = times;
    failure = ({ functionName }) => {
      if (functionName !== 'order-notices' || left === 0) return undefined;
      left -= 1;
      return { when: 'before', error };
    };
    return () => left;
  };

  it('reaches the staff of a held order though telling failed at first', async () => {
    const left = failNotices(2);
    const token = 'pm_card_riskLevelElevated';
    const customer = await shop.newCustomer();
    const body = { items: items(await shop.newProduct()), paymentMethod: { token } };
    const { orderId } = (await shop.place(customer, body)).json;
    await mailTo('manager@example.com', `Review needed: order ${orderId}`);
    expect(left()).toBe(0);
  });

  it('reaches the staff of a product that is sold out, though telling failed with the order that took the last', async () => {
    const product = await shop.newProduct({ name: 'The last one', stockCount: 1, lowStockThreshold: 0 });
    const left = failNotices(2);
    await paidOrder(await shop.newCustomer(), product);
    await mailTo('manager@example.com', 'Low stock: The last one');
    expect(left()).toBe(0);
  });
});

describe('stock that runs low', () => {
  it('is told to the staff by the product’s name', async () => {
    const product = await shop.newProduct({ name: 'Rare <thing>', stockCount: 3, lowStockThreshold: 2 });
    await paidOrder(await shop.newCustomer(), product);
    const mail = await mailTo('manager@example.com', 'Low stock: Rare <thing>');
    expect(mail.html).toContain('Rare &#60;thing&#62;');
  });
});

describe('a promotion', () => {
  it('is announced to those who subscribed, by whoever runs the shop', async () => {
    const [subscriber, other] = [await shop.newCustomer(), await shop.newCustomer()];
    const details = { addresses: [], preferences: { newsletterOptIn: true } };
    await shop.call('PUT', '/user/me/details', { token: subscriber.token, body: details });
    const spring = { code: 'SPRING', kind: 'percent', value: 10 };
    await shop.call('POST', '/order/promotion', { token: shop.admin, body: spring });
    const announce = () => shop.runtime.invoke('announcement', { task: 'announcePromotion', code: 'SPRING' });
    expect(await announce()).toEqual({ ok: true, payload: { announced: 1 } });
    await announce();
    await mailTo(subscriber.email, '10% off for you');
    expect(subjectsOf(subscriber.email)).toEqual(['10% off for you']);
    expect(subjectsOf(other.email)).toEqual([]);
  });
});
