import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExecutionEnvironment } from '../../local/lambda/execution-environment.ts';
import { localChannels } from '../../local/messaging/local-channels.ts';
import type { FailureHook } from '../../local/options.ts';
import { eventually } from '../support/local-stack.ts';
import { otherThan, sentCode } from '../support/login-codes.ts';
import { mentions } from '../support/mentions.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let failure: FailureHook | undefined;
/** What each Lambda has written, by the service's name in its lines. */
let output = '';

beforeAll(async () => {
  shop = await openShop({
    settings: { notifications: localChannels },
    prewarm: true,
    failures: (call) => failure?.(call),
    onLambdaLog: (_name, text) => {
      output += text;
    },
    retryIntervalScale: 0.002,
  });
  await shop.runtime.warmed();
});
afterAll(() => shop?.stop());
beforeEach(() => {
  failure = undefined;
});

// biome-ignore lint/suspicious/noExplicitAny: assertions read lines of every shape
type Line = Record<string, any>;

/** Every line, parsed: one that is no JSON is one that no query finds. */
const lines = (): Line[] =>
  output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Waits until a line is there, and answers all that match. */
const linesWith = (matches: (line: Line) => boolean): Promise<Line[]> =>
  eventually(() => {
    const found = lines().filter(matches);
    return found.length > 0 ? found : undefined;
  });

const servicesOf = (orderId: string) =>
  new Set(
    lines()
      .filter((line) => line.orderId === orderId)
      .map(({ service }) => service),
  );

/** Waits until all these have said something of an order. */
async function followed(orderId: string, services: readonly string[]): Promise<void> {
  await eventually(() => {
    const seen = servicesOf(orderId);
    return services.every((service) => seen.has(service)) ? true : undefined;
  }).catch((cause: unknown) => {
    const missing = services.filter((service) => !servicesOf(orderId).has(service));
    throw new Error(`No line of ${orderId} from ${missing.join(', ')}`, { cause });
  });
}

describe('one order', () => {
  let customer: Customer;
  beforeAll(async () => {
    customer = await shop.newCustomer();
  });

  it('is followed from the request that placed it to the mail that confirms it', async () => {
    const placed = await shop.place(customer, { items: items(await shop.newProduct()) });
    const requestId = placed.headers.get('x-request-id');
    const [line] = await linesWith((one) => one.requestId === requestId && one.message === 'order placed');
    const { orderId } = placed.json;
    expect(line).toMatchObject({ orderId, service: 'order', operation: 'createOrder', level: 'INFO' });
    await followed(orderId, [
      'order-workflow',
      'payment',
      'inventory',
      'notification',
      'analytics',
      'audit',
      'insights',
      'delivery-email',
    ]);
    const tasks = lines().filter((one) => one.orderId === orderId && one.message === 'task done');
    expect(tasks.map(({ task }) => task).sort()).toEqual(
      ['authorize', 'capture', 'commit', 'notify', 'record', 'track'].concat([
        'updateOrderStatus',
        'validateOrder',
        'validateProfile',
      ]),
    );
    const run = shop.runtime.executions().find(({ name }) => name === orderId);
    expect(JSON.parse(run?.input ?? '{}')).toMatchObject({ orderId, requestId });
  });

  it('is found by every request that changed it, and by the repetition of the one that placed it', async () => {
    const wish = { items: items(await shop.newProduct()) };
    const first = await shop.place(customer, wish, 'repeated');
    const { orderId } = first.json;
    const again = await shop.place(customer, wish, 'repeated');
    expect(again.json.orderId).toBe(orderId);
    await shop.settled(orderId);
    const cancel = { token: customer.token, body: {} };
    const cancelled = await shop.call('POST', `/order/${orderId}/cancel`, cancel);
    await shop.inStatus(orderId, 'Cancelled');
    for (const answer of [first, again, cancelled]) {
      expect(answer.status).toBe(202);
      const requestId = answer.headers.get('x-request-id');
      const [line, ...more] = await linesWith(
        (one) => one.requestId === requestId && one.service === 'order',
      );
      expect(line).toMatchObject({ orderId, level: 'INFO' });
      expect(line?.lambdaRequestId).toMatch(/^[\da-f-]{36}$/);
      expect(more).toEqual([]);
    }
  });

  it('that is held, approved and taken back is followed through notices and the reversal', async () => {
    const placed = await shop.place(customer, {
      items: items(await shop.newProduct()),
      paymentMethod: { token: 'pm_card_riskLevelElevated' },
    });
    const { orderId } = placed.json;
    await shop.inStatus(orderId, 'OnHold');
    await followed(orderId, ['order-notices']);
    const approval = { token: shop.manager, body: { reason: 'known' } };
    const approved = await shop.call('POST', `/order/${orderId}/approve`, approval);
    expect(approved.status).toBeLessThan(300);
    await shop.inStatus(orderId, 'Paid');
    await shop.settled(orderId);
    const cancelled = await shop.call('POST', `/order/${orderId}/cancel`, {
      token: customer.token,
      body: {},
    });
    expect(cancelled.status).toBe(202);
    await shop.inStatus(orderId, 'Cancelled');
    await linesWith((one) => one.orderId === orderId && one.task === 'undo');
    await linesWith((one) => one.orderId === orderId && one.OrdersCancelled === 1);
    await linesWith((one) => one.orderId === orderId && one.AmountRefunded !== undefined);
  });

  it('that is refused is found by its id, and by the request', async () => {
    const placed = await shop.place(customer, { items: items(await shop.newProduct()) });
    const { orderId } = placed.json;
    await shop.settled(orderId);
    const answer = await shop.call('POST', `/order/${orderId}/approve`, {
      token: shop.manager,
      body: { reason: 'x' },
    });
    expect(answer.status).toBe(409);
    const requestId = answer.headers.get('x-request-id');
    const [line] = await linesWith((one) => one.requestId === requestId);
    expect(line).toMatchObject({ orderId, code: 'invalid_state', service: 'order' });
  });

  it('has its metrics published once, by stage and service alone or with a few values more', async () => {
    const placed = await shop.place(customer, { items: items(await shop.newProduct()) });
    const { orderId } = placed.json;
    await linesWith((one) => one.orderId === orderId && one.SecondsToPaid !== undefined);
    const measured = lines().filter((one) => one.orderId === orderId && one._aws);
    const named = measured.flatMap(({ _aws }) =>
      _aws.CloudWatchMetrics[0].Metrics.map(({ Name }: Line) => Name),
    );
    expect(named.sort()).toEqual([
      'AmountPaid',
      'OrdersPaid',
      'OrdersPlaced',
      'PaymentAttempts',
      'PaymentFailure',
      'SecondsToPaid',
    ]);
    for (const { _aws, stage, service } of measured) {
      expect({ stage, service }).toEqual({ stage: 'dev', service: 'insights' });
      expect(_aws.CloudWatchMetrics[0].Namespace).toBe('Storefront');
    }
  });

  it('on hold is measured by the reconciler, which says how long it has been', async () => {
    const { json } = await shop.place(customer, {
      items: items(await shop.newProduct()),
      paymentMethod: { token: 'pm_card_riskLevelElevated' },
    });
    await shop.inStatus(json.orderId, 'OnHold');
    const at = new Date(Date.now() + 3_600_000).toISOString();
    await shop.runtime.invoke('reconciler', { task: 'reconcile', at });
    const [line] = await linesWith(({ OrdersOnHold }) => OrdersOnHold === 1);
    expect(line).toMatchObject({ service: 'reconciler', stage: 'dev', ReconcileFailures: 0 });
    expect(line?.OldestHeldSeconds).toBeGreaterThanOrEqual(3590);
    expect(line?.OldestHeldSeconds).toBeLessThan(7200);
  });
});

describe('a person', () => {
  const person = {
    username: 'quillon-first-name',
    email: 'quillon.mail@osprey.example',
    password: 'Quillon-Passw0rd!9',
    wrongPassword: 'Quillon-Wr0ng!word',
    phone: '+14155559377',
    os: 'QuillonOS',
    browser: 'QuillonBrowser',
    userAgent: 'QuillonAgent/7.7',
    ip: '198.18.77.1',
    otherIp: '198.18.78.2',
    captcha: 'quillon-captcha-token',
    label: 'QuillonLabel',
    line1: '7 Quillon Street',
    city: 'Quillontown',
    zip: 'QLLN-7',
    token: 'pm_quillonsaved',
    reason: 'Quillon changed her mind',
    card: '4242424242424242',
  };
  const { email, password, username, phone, userAgent, ip, otherIp, os, browser } = person;
  const deviceInfo = { os, browser };
  /** What is not chosen by the test: tokens and codes. */
  const secrets: string[] = [];

  const ask = (
    method: string,
    path: string,
    more: { token?: string; ip?: string; body?: unknown; text?: string; key?: string },
  ) => {
    const { key, ...given } = more;
    const headers = { 'user-agent': userAgent, ...(key ? { 'idempotency-key': key } : {}) };
    return shop.call(method, path, { ip, headers, ...given });
  };

  async function logIn(from: string): Promise<string> {
    const body = { email, password, deviceInfo };
    const first = await ask('POST', '/user/login', { ip: from, body });
    if (first.status === 200) return keep(first.json.token);
    const { challengeId } = first.json;
    await deliveredTo(first.headers.get('x-request-id'));
    const code = keep(sentCode(shop, challengeId));
    const wrong = { ...body, mfa: { challengeId, code: otherThan(code) } };
    await ask('POST', '/user/login', { ip: from, body: wrong });
    const second = await ask('POST', '/user/login', {
      ip: from,
      body: { ...body, mfa: { challengeId, code } },
    });
    expect(second.status).toBe(200);
    return keep(second.json.token);
  }

  /** From the request that asked for a code to the delivery of it. */
  async function deliveredTo(requestId: string | null): Promise<void> {
    const [asked] = await linesWith((one) => one.requestId === requestId && one.message === 'code sent');
    await linesWith(
      ({ notificationId, message }) =>
        notificationId === asked?.notificationId && message === 'notification delivered',
    );
  }

  function keep(secret: string): string {
    secrets.push(secret);
    return secret;
  }

  /** The ways in which a request goes wrong, each with the person's data at the place that is wrong. */
  async function goWrong(token: string, orderId: string): Promise<void> {
    await ask('POST', '/user/register', { body: { username, email, password, deviceInfo } });
    await ask('POST', '/user/register', { body: { username, email, password, [person.line1]: person.city } });
    await ask('POST', '/user/register', { text: `{"email":"${email}","password":"${password}` });
    await ask('POST', '/user/login', {
      body: { email, password: person.wrongPassword, captchaToken: person.captcha },
    });
    await ask('POST', '/user/login', { body: { email: phone, password: [password] } });
    await ask('GET', `/order/${encodeURIComponent(email)}`, { token });
    await ask('GET', `/user/${encodeURIComponent(person.line1)}`, { token });
    await ask('GET', `/order?status=${encodeURIComponent(email)}`, { token });
    await ask('GET', '/user/me', { token: `${token}x` });
    await ask('PUT', '/user/me/details', {
      token,
      body: { addresses: [{ label: person.label, line1: { street: person.line1 } }], preferences: {} },
    });
    await ask('PUT', '/user/me/details', { token, body: { paymentMethods: [{ token: person.card }] } });
    await ask('POST', '/user/events', {
      token,
      body: { events: [{ type: 'page_view', properties: { query: email, phone } }] },
    });
    await ask('POST', `/order/${orderId}/cancel`, { token, body: { reason: { text: person.reason } } });
    await ask('POST', '/order/payment-webhook', { body: person });
    await ask('POST', '/product', {
      token: shop.admin,
      body: { name: [person.line1], [person.city]: email },
    });
    await ask('POST', '/order', {
      token,
      key: 'q-bad',
      body: { items: [{ productId: email, quantity: 1 }] },
    });
  }

  it('is on no line: not when all goes well, not when requests, tasks and deliveries fail', async () => {
    const body = { username, email, password, phone, deviceInfo };
    expect((await ask('POST', '/user/register', { body })).status).toBe(201);
    await logIn(ip);
    const token = await logIn(otherIp);
    const details = {
      addresses: [
        { label: person.label, line1: person.line1, city: person.city, zip: person.zip, country: 'US' },
      ],
      preferences: { paymentMethod: 'card' },
      paymentMethods: [{ token: person.token, brand: 'visa', last4: '4242' }],
    };
    expect((await ask('PUT', '/user/me/details', { token, body: details })).status).toBe(200);
    const product = await shop.newProduct();
    const order = async (key: string, method: string) => {
      const wish = { items: items(product), paymentMethod: { token: method }, addressLabel: person.label };
      const { json } = await ask('POST', '/order', { token, key, body: wish });
      await shop.settled(json.orderId);
      return json.orderId;
    };
    const paid = await order('q-paid', 'pm_card_visa');
    await order('q-declined', person.token);
    failure = ({ functionName }) =>
      functionName === 'payment'
        ? { when: 'after', error: { errorType: 'FinalError', errorMessage: 'no answer' } }
        : undefined;
    await order('q-failed', 'pm_card_visa');
    failure = undefined;
    await goWrong(token, paid);
    const cancel = { token, body: { reason: person.reason } };
    expect((await ask('POST', `/order/${paid}/cancel`, cancel)).status).toBe(202);
    await shop.inStatus(paid, 'Cancelled');
    // A task and a delivery that do not understand what they get.
    await shop.runtime.invoke('payment', { task: 'authorize', orderId: paid, userId: { email, phone } });
    const strange = { messageId: 'm-1', body: `{"to":"${email}", broken` };
    await shop.runtime.invoke('delivery-email', {
      Records: [strange, { ...strange, body: JSON.stringify(person) }],
    });
    const Keys = { ...person, pk: { S: `ORDER#${paid}` } };
    await shop.runtime.invoke('insights', { Records: [{ dynamodb: { SequenceNumber: '7', Keys } }] });
    const change = { SequenceNumber: '8', Keys: { pk: Keys.pk }, NewImage: marshall(person) };
    for (const consumer of ['order-notices', 'audit-seal'])
      await shop.runtime.invoke(consumer, { Records: [{ eventName: 'INSERT', dynamodb: change }] });
    await linesWith(
      ({ message, service }) => message === 'message not handled' && service === 'delivery-email',
    );
    await linesWith(
      ({ message, service, orderId }) =>
        message === 'stream record not understood' && service === 'insights' && orderId === paid,
    );
    await linesWith(({ orderId, service }) => orderId === paid && service === 'delivery-email');

    const said = new Set(lines().map(({ service }) => service));
    expect([...said]).toEqual(
      expect.arrayContaining([
        ...[
          'user',
          'product',
          'order',
          'payment',
          'payment-webhook',
          'insights',
          'order-notices',
          'audit-seal',
        ],
        ...['delivery-email', 'delivery-sms'],
      ]),
    );
    expect(secrets.length).toBeGreaterThanOrEqual(3);
    expectNobody();
  });

  it('is on no line of a Lambda that fails with all it knows, nor on what the runtime writes of its error', async () => {
    const user = (await shop.rows('USERS_TABLE')).find((row) => row.email === email);
    const failing = failingLambda();
    const overwrite = {
      task: 'overwrite',
      orderId: '01KJMH4G00RDERAAAAAAAAAAAA',
      table: shop.runtime.tables.USERS_TABLE,
      key: { pk: user?.pk },
    };
    const quote = { ...overwrite, task: 'quote', email, text: person.city };
    const { invoke } = failing;
    expect(await invoke(overwrite)).toMatchObject({
      error: { errorType: 'ConditionalCheckFailedException' },
    });
    expect(await invoke(quote)).toMatchObject({ error: { errorType: 'FinalError' } });
    // An id that is none: it stands in the message of the error.
    expect(await invoke({ ...overwrite, task: email })).toMatchObject({
      error: { errorType: 'InvalidTaskInputError' },
    });
    await eventually(() => {
      const failed = lines().filter(
        ({ service, message }) => service === 'failing' && message === 'task failed',
      );
      const written = lines().filter(({ message }) => message?.errorType !== undefined);
      return failed.length === 3 && written.length >= 3 ? true : undefined;
    });
    await failing.stop();
    const causes = lines().map(({ error }) => error?.cause?.name);
    expect(causes).toContain('SyntaxError');
    expectNobody();
  });

  function failingLambda() {
    const environment = new ExecutionEnvironment({
      setup: {
        moduleUrl: new URL('../support/failing-lambda.ts', import.meta.url).href,
        exportName: 'handler',
        functionName: 'failing',
        functionArn: 'arn:aws:lambda:us-east-1:123456789012:function:failing',
        memoryMb: 128,
      },
      variables: {
        AWS_ENDPOINT_URL_DYNAMODB: shop.runtime.dynamodbEndpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        POWERTOOLS_SERVICE_NAME: 'failing',
        POWERTOOLS_TRACE_ENABLED: 'false',
      },
      timeoutMs: 10_000,
      onLog: (text) => {
        output += text;
      },
    });
    return {
      invoke: (event: unknown) => environment.invoke(event),
      stop: () => environment.stop(),
    };
  }

  function lineWith(value: string): string | undefined {
    return output.split('\n').find((line) => mentions(line, value));
  }

  function expectNobody(): void {
    for (const [field, value] of [
      ...Object.entries(person),
      ...secrets.map((one) => ['secret', one] as const),
    ]) {
      expect(lineWith(value), field).toBeUndefined();
    }
    // Nor in a part or another spelling: nobody else has a word or a number like these.
    for (const part of ['quillon', '9377', '4155559377', '5559377']) {
      expect(lineWith(part), part).toBeUndefined();
    }
  }

  it('aside, every line of a request or of an order says which', () => {
    const all = lines();
    // A code is of no order: its message is tied to the request that asked for it.
    const asked = new Set(
      all.filter(({ requestId }) => requestId).map(({ notificationId }) => notificationId),
    );
    const unbound = all.filter(
      ({ requestId, orderId, orders, notificationId }) =>
        !requestId && !orderId && !orders && !(notificationId && asked.has(notificationId)),
    );
    const of = new Set(unbound.map(({ service, message }) => `${service}: ${message}`));
    // Of a run over all orders, and of what was no message at all.
    const allowed = [/^reconciler: /, /^delivery-email: message not handled$/, /^audit-seal: /];
    for (const line of of)
      expect(
        allowed.some((known) => known.test(line)),
        line,
      ).toBe(true);
  });
});
