import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededPassword } from '../../local/seed/seed-users.ts';
import { eventually } from '../support/local-stack.ts';
import { items, openShop, type Shop } from '../support/shop.ts';

const logs: string[] = [];
let isNotificationDown = false;
let shop: Shop;

beforeAll(async () => {
  shop = await openShop({
    prewarm: true,
    onLambdaLog: (_name, text) => logs.push(text),
    failures: ({ functionName }) =>
      functionName === 'notification' && isNotificationDown
        ? { when: 'before', error: { errorType: 'FinalError', errorMessage: 'down' } }
        : undefined,
  });
  await shop.runtime.warmed();
});
afterAll(() => shop?.stop());

/** Personal data that nobody else has, a different one in each field. */
const canary = {
  email: 'canary.mail@nightingale.example',
  username: 'canary-first-name',
  otherUsername: 'canary-second-name',
  password: 'Canary-Passw0rd!9',
  phone: '+14155559301',
  otherPhone: '+14155559302',
  os: 'CanaryOS',
  browser: 'CanaryBrowser',
  otherOs: 'CanaryOtherOS',
  userAgent: 'CanaryAgent/7.7',
  ip: '198.18.93.1',
  otherIp: '198.18.94.2',
  captcha: 'canary-captcha-token',
  label: 'CanaryLabel',
  line1: '7 Canary Street',
  line2: 'Canary Floor',
  city: 'Canarytown',
  state: 'Canarystate',
  zip: 'CNRY-7',
  deliveryTime: 'canary evening',
  preferredMethod: 'canarypreference',
  savedToken: 'pm_canarysaved',
  brand: 'canarybrand',
  last4: '9753',
  oneOffToken: 'pm_canaryoneoff',
  promoCode: 'CANARYPROMO',
  idempotencyKey: 'canary-key',
  reason: 'Canary rang up to confirm',
};
const neverKept = [canary.password, canary.captcha];

interface Person {
  userId: string;
  token: string;
}

const from = (ip: string, token?: string) => ({
  ip,
  headers: { 'user-agent': canary.userAgent },
  ...(token === undefined ? {} : { token }),
});

async function place(token: string, key: string, body: Record<string, unknown>) {
  const headers = { 'user-agent': canary.userAgent, 'idempotency-key': key };
  return shop.call('POST', '/order', { token, ip: canary.ip, headers, body });
}

async function logIn(device: { os: string; browser: string }, ip: string): Promise<Person> {
  const body = { email: canary.email, password: canary.password, deviceInfo: device };
  const first = await shop.call('POST', '/user/login', { ...from(ip), body });
  if (first.status === 200) return first.json;
  expect(first.json).toMatchObject({ code: 'mfa_required' });
  const { challengeId } = first.json;
  const wrong = { ...body, mfa: { challengeId, code: '000000' } };
  await shop.call('POST', '/user/login', { ...from(ip), body: wrong });
  const sent = shop.runtime.outbox().find(({ message }) => message.includes(challengeId));
  const code = /\b\d{6}\b/.exec(JSON.stringify(JSON.parse(sent?.message ?? '{}').data))?.[0];
  const second = await shop.call('POST', '/user/login', {
    ...from(ip),
    body: { ...body, mfa: { challengeId, code } },
  });
  expect(second.status).toBe(200);
  return second.json;
}

/** Sends every field of every request that a customer can send, and has orders that end in all ways. */
async function live(): Promise<Person & { orderIds: string[] }> {
  const { email, username, password, phone, os, browser, otherOs } = canary;
  const ask = (path: string, body: object, token?: string) =>
    shop.call('POST', path, { ...from(canary.ip, token), body });
  await ask('/user/exists', { email });
  await ask('/user/exists', { username });
  const registered = await ask('/user/register', {
    username,
    email,
    password,
    phone,
    deviceInfo: { os, browser },
  });
  expect(registered.status).toBe(201);
  await ask('/user/exists', { email });
  await ask('/user/login', { email, password: `${password}wrong`, captchaToken: canary.captcha });
  await ask('/user/login', { email, password, captchaToken: canary.captcha, surprise: canary.line1 });
  await ask('/user/password-reset', { email });
  await logIn({ os, browser }, canary.ip);
  const { userId, token } = await logIn({ os: otherOs, browser }, canary.otherIp);

  const product = await shop.newProduct();
  const waiting = await place(token, `${canary.idempotencyKey}-0`, {
    items: items(product),
    paymentMethod: { token: canary.oneOffToken },
  });
  await shop.inStatus(waiting.json.orderId, 'AwaitingProfile');

  const patch = {
    username: canary.otherUsername,
    phone: canary.otherPhone,
    profileCompletionPrompted: true,
  };
  expect((await shop.call('PATCH', '/user/me', { ...from(canary.ip, token), body: patch })).status).toBe(200);
  const details = {
    addresses: [
      {
        label: canary.label,
        line1: canary.line1,
        line2: canary.line2,
        city: canary.city,
        state: canary.state,
        zip: canary.zip,
        country: 'US',
      },
    ],
    preferences: { deliveryTime: canary.deliveryTime, paymentMethod: canary.preferredMethod },
    paymentMethods: [
      { token: canary.savedToken, brand: canary.brand, last4: canary.last4 },
      { token: 'pm_card_visa', brand: canary.brand, last4: canary.last4 },
      { token: 'pm_card_riskLevelElevated', brand: canary.brand, last4: canary.last4 },
    ],
  };
  const put = { ...from(canary.ip, token), body: details };
  expect((await shop.call('PUT', '/user/me/details', put)).status).toBe(200);
  const select = { lastSelectedAddress: canary.label };
  await shop.call('PATCH', '/user/me', { ...from(canary.ip, token), body: select });
  await shop.settled(waiting.json.orderId);

  await ask(
    '/order/check',
    { items: items(product), promoCode: canary.promoCode, addressLabel: canary.label },
    token,
  );
  const orderIds = [waiting.json.orderId];
  for (const [index, method] of [canary.savedToken, 'pm_card_visa', canary.oneOffToken].entries()) {
    const body = {
      items: items(product),
      paymentMethod: { token: method },
      addressLabel: canary.label,
      allowPartial: true,
    };
    // One message ends among the dead letters.
    isNotificationDown = index === 0;
    const placed = await place(token, `${canary.idempotencyKey}-${index + 1}`, body);
    expect(placed.status).toBe(202);
    await shop.settled(placed.json.orderId);
    isNotificationDown = false;
    orderIds.push(placed.json.orderId);
  }
  const held = await place(token, `${canary.idempotencyKey}-9`, {
    items: items(product),
    paymentMethod: { token: 'pm_card_riskLevelElevated' },
  });
  await shop.inStatus(held.json.orderId, 'OnHold');
  orderIds.push(held.json.orderId);
  const refused = { items: items(product), paymentMethod: { token: canary.oneOffToken } };
  await place(token, `${canary.idempotencyKey}-10`, { ...refused, promoCode: canary.promoCode });
  await place(token, `${canary.idempotencyKey}-11`, { ...refused, addressLabel: canary.line1 });

  // Refusals are audited with address and device.
  await shop.call('GET', '/user/somebody-else', from(canary.ip, token));
  await shop.call('GET', '/order/somebody-elses', from(canary.ip, token));
  await ask('/product', { name: canary.line1 }, token);
  await shop.call('GET', `/order?userId=${canary.email}`, from(canary.ip, token));
  // Personal data has no way onto the stream.
  for (const text of [canary.email, canary.phone, canary.ip, `call ${canary.phone}`]) {
    const event = { type: 'click', at: '2026-03-01T12:00:00.000Z', properties: { text } };
    expect((await ask('/user/events', { events: [event] }, token)).status).toBe(400);
  }
  const event = { type: 'click', at: '2026-03-01T12:00:00.000Z', properties: { banner: 'spring' } };
  expect((await ask('/user/events', { events: [event] }, token)).json).toEqual({ accepted: 1 });
  return { userId, token, orderIds };
}

/** Each place where something is kept, as text. */
async function everythingKept(): Promise<Record<string, string>> {
  const { runtime } = shop;
  const tables = await Promise.all(
    Object.keys(runtime.tables).map(
      async (table) => [table, JSON.stringify(await shop.rows(table))] as const,
    ),
  );
  return {
    ...Object.fromEntries(tables),
    'Lambda logs': logs.join('\n'),
    outbox: JSON.stringify(runtime.outbox()),
    'analytics stream': JSON.stringify(runtime.streamRecords()),
    'dead letters': JSON.stringify(deadLetters()),
    'workflow histories': JSON.stringify(runtime.executions()),
  };
}

function deadLetters(): readonly string[] {
  const histories = JSON.stringify(shop.runtime.executions());
  const queue = /QueueUrl[\\":]+([^"\\]+)/.exec(histories)?.[1];
  return queue === undefined ? [] : shop.runtime.queueMessages(queue);
}

function finds(kept: Record<string, string>, values: readonly string[]): string[] {
  return values.flatMap((value) =>
    Object.entries(kept)
      .filter(([, text]) => text.toLowerCase().includes(value.toLowerCase()))
      .map(([place]) => `${value} in ${place}`),
  );
}

describe('DELETE /user/{userId}', () => {
  it('leaves nothing of a person in any table, log, outbox, stream, queue or workflow history', async () => {
    const person = await live();
    const { userId, token, orderIds } = person;
    const erase = (as: string) => shop.call('DELETE', `/user/${userId}`, { ...from(canary.ip, as) });

    // A checkout of theirs waits for a decision: nothing is erased under its feet.
    expect((await erase(token)).json).toMatchObject({ status: 409, code: 'invalid_state' });
    expect((await shop.call('GET', '/user/me', from(canary.ip, token))).status).toBe(200);
    const approve = { token: shop.manager, body: { reason: canary.reason } };
    const approved = await shop.call('POST', `/order/${orderIds.at(-1)}/approve`, approve);
    expect(approved.status).toBe(202);
    await shop.settled(orderIds.at(-1) ?? '');

    // The search finds what is there: without this the end of the test would prove nothing.
    const before = await everythingKept();
    const held = Object.values(canary).filter((value) => finds(before, [value]).length > 0);
    const replaced = [canary.phone, canary.username];
    const notHeldNow = [...neverKept, ...replaced, canary.promoCode];
    expect(held.sort()).toEqual(
      Object.values(canary)
        .filter((value) => !notHeldNow.includes(value))
        .sort(),
    );
    expect(before['workflow histories']?.length).toBeGreaterThan(1000);
    expect(logs.length).toBeGreaterThan(0);
    expect(deadLetters().length).toBeGreaterThan(0);
    expect(shop.runtime.streamRecords().length).toBeGreaterThan(3);

    const exported = await shop.call('GET', '/user/me/export', from(canary.ip, token));
    expect(exported.status).toBe(200);
    const tokens = [canary.savedToken, canary.oneOffToken];
    const own = [
      'email',
      'otherUsername',
      'otherPhone',
      'line1',
      'deliveryTime',
      'os',
      'ip',
      'otherIp',
      'userAgent',
    ];
    for (const field of own) expect(exported.text).toContain(canary[field as keyof typeof canary]);
    for (const secret of tokens) expect(exported.text).not.toContain(secret);
    expect(exported.json.orders).toHaveLength(5);
    expect(exported.json.notifications.length).toBeGreaterThanOrEqual(4);
    expect(exported.json.auditEntries.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining([
        'user.registered',
        'user.logged_in',
        'order.created',
        'order.paid',
        'access.denied',
      ]),
    );

    expect((await erase(token)).status).toBe(204);
    const after = await everythingKept();
    expect(finds(after, Object.values(canary))).toEqual([]);

    // Who they were is gone, what the shop sold is not.
    const order = await shop.order(orderIds[2] ?? '');
    expect(order).toMatchObject({ userId, status: 'Paid', pricing: { total: { amount: 1000 } } });
    expect(order).not.toHaveProperty('address');
    expect((await shop.call('GET', '/user/me', { token })).json).toMatchObject({ code: 'invalid_token' });
    for (const path of [`/user/${userId}`, `/user/${userId}/export`]) {
      expect((await shop.call('GET', path, { token: shop.admin })).status).toBe(404);
    }
    expect((await erase(shop.admin)).json).toMatchObject({ status: 404, code: 'not_found' });
    const { email, username, password } = canary;
    const login = await shop.call('POST', '/user/login', { body: { email, password } });
    expect(login.json).toMatchObject({ status: 401, code: 'invalid_credentials' });
    // The names are free; whoever takes them is somebody new.
    const again = await shop.call('POST', '/user/register', { body: { email, username, password } });
    expect(again.status).toBe(201);
    expect(again.json.userId).not.toBe(userId);
  });

  it('takes a member of staff’s traces off what they changed, too', async () => {
    const customer = await shop.newCustomer();
    const promote = { token: shop.admin, body: { role: 'Manager' } };
    const manager = await shop.newCustomer({ withProfile: false });
    expect((await shop.call('PATCH', `/user/${manager.userId}`, promote)).status).toBe(200);
    const login = await shop.call('POST', '/user/login', {
      body: { email: manager.email, password: 'Passw0rd!long' },
    });
    const staff = login.json.token;
    const productId = await shop.newProduct();
    const place = '198.18.95.3';
    const stock = { ...from(place, staff), body: { delta: 2, reason: 'counted' } };
    expect((await shop.call('POST', `/product/${productId}/stock`, stock)).status).toBe(200);
    const placed = await shop.place(customer, {
      items: items(productId),
      paymentMethod: { token: 'pm_card_riskLevelElevated' },
    });
    await shop.inStatus(placed.json.orderId, 'OnHold');
    const approve = { ...from(place, staff), body: { reason: 'known customer' } };
    await shop.call('POST', `/order/${placed.json.orderId}/approve`, approve);
    await shop.settled(placed.json.orderId);
    expect(finds(await everythingKept(), [place])).toEqual(
      expect.arrayContaining(
        ['PRODUCTS_TABLE', 'ORDERS_TABLE', 'AUDIT_TABLE'].map((table) => `${place} in ${table}`),
      ),
    );

    const erased = await shop.call('DELETE', `/user/${manager.userId}`, { token: shop.admin });
    expect(erased.status).toBe(204);
    expect(finds(await everythingKept(), [place, canary.userAgent])).toEqual([]);
    // What they did, and that it was they, stays; so does all about the customer.
    const product = await shop.call('GET', `/product/${productId}`, { token: shop.admin });
    expect(product.json.auditLogs[0]).toMatchObject({
      actor: { id: manager.userId, role: 'Manager' },
      where: { ip: 'erased' },
    });
    const order = await shop.order(placed.json.orderId);
    expect(order.address).toMatchObject({ line1: '1 Main St' });
    expect(
      order.auditLogs.find(({ action }: { action: string }) => action === 'order.approved'),
    ).toMatchObject({
      reason: 'known customer',
      where: { ip: 'erased' },
    });
  });

  it('keeps the last Admin', async () => {
    const response = await shop.call('DELETE', '/user/me', { token: shop.admin });
    expect(response.json).toMatchObject({ status: 409, code: 'last_admin' });
    const body = { email: 'admin@example.com', password: seededPassword };
    await eventually(async () => {
      const login = await shop.call('POST', '/user/login', { body });
      return login.status === 200 ? login : undefined;
    });
  });
});
