import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localChannels } from '../../local/messaging/local-channels.ts';
import { seededPassword } from '../../local/seed/seed-users.ts';
import { eventually } from '../support/local-stack.ts';
import { otherThan, sentCode } from '../support/login-codes.ts';
import { mentions } from '../support/mentions.ts';
import { items, openShop, type Shop } from '../support/shop.ts';

const logs: string[] = [];
let isNotificationDown = false;
let shop: Shop;

beforeAll(async () => {
  shop = await openShop({
    // What is delivered lies in people's own mailboxes; that nothing of it stays with us is what is looked for.
    settings: { notifications: localChannels },
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
  wrongCode: 'CANARYPROMO',
  idempotencyKey: 'canary-key',
  reason: 'Canary rang up to confirm',
  cancelReason: 'Canary changed her mind',
  note: 'left with Canary’s neighbor',
  repairError: 'card of Canary was refused',
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
  const code = sentCode(shop, challengeId);
  const wrong = { ...body, mfa: { challengeId, code: otherThan(code) } };
  await shop.call('POST', '/user/login', { ...from(ip), body: wrong });
  const second = await shop.call('POST', '/user/login', {
    ...from(ip),
    body: { ...body, mfa: { challengeId, code } },
  });
  expect(second.status).toBe(200);
  return second.json;
}

async function aCode(): Promise<string> {
  const body = { code: 'SPRING', kind: 'percent', value: 10, maxUses: 9, maxUsesPerUser: 3 };
  const { json } = await shop.call('POST', '/order/promotion', { token: shop.admin, body });
  return json.code;
}

async function cancelledQuickOrder(token: string, product: string): Promise<string> {
  const headers = { 'user-agent': canary.userAgent, 'idempotency-key': `${canary.idempotencyKey}-quick` };
  const quick = { token, ip: canary.ip, headers, body: { items: items(product) } };
  const { orderId } = (await shop.call('POST', '/order/quick', quick)).json;
  expect((await shop.settled(orderId)).status).toBe('Paid');
  const cancel = { ...from(canary.ip, token), body: { reason: canary.cancelReason } };
  expect((await shop.call('POST', `/order/${orderId}/cancel`, cancel)).status).toBe(202);
  await shop.inStatus(orderId, 'Cancelled');
  await eventually(() =>
    shop.runtime
      .executions()
      .find(({ name, status }) => name === `${orderId}-cancel` && status !== 'RUNNING'),
  );
  return orderId;
}

/** As an undo leaves it that did not come through. */
async function markForRepair(orderId: string): Promise<void> {
  const mark = { step: 'CapturePayment', error: canary.repairError, at: '2026-03-01T12:00:00.000Z' };
  await shop.dynamo.send(
    new UpdateCommand({
      TableName: shop.runtime.tables.ORDERS_TABLE,
      Key: { pk: `ORDER#${orderId}`, sk: 'ORDER' },
      UpdateExpression: 'SET repair = :repair',
      ExpressionAttributeValues: { ':repair': [mark] },
    }),
  );
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
      { token: 'pm_card_visa', brand: canary.brand, last4: canary.last4, isDefault: true },
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
    { items: items(product), promoCode: canary.wrongCode, addressLabel: canary.label },
    token,
  );
  const orderIds = [waiting.json.orderId];
  for (const [index, method] of [canary.savedToken, 'pm_card_visa', canary.oneOffToken].entries()) {
    const body = {
      items: items(product),
      paymentMethod: { token: method },
      addressLabel: canary.label,
      allowPartial: true,
      ...(index === 1 ? { promoCode: await aCode() } : {}),
    };
    // One message ends among the dead letters.
    isNotificationDown = index === 0;
    const placed = await place(token, `${canary.idempotencyKey}-${index + 1}`, body);
    expect(placed.status).toBe(202);
    await shop.settled(placed.json.orderId);
    isNotificationDown = false;
    orderIds.push(placed.json.orderId);
  }
  const shipped = { token: shop.admin, body: { status: 'Shipped', note: canary.note } };
  expect((await shop.call('PATCH', `/order/${orderIds[2]}`, shipped)).status).toBe(200);
  await markForRepair(orderIds[2] ?? '');
  const held = await place(token, `${canary.idempotencyKey}-9`, {
    items: items(product),
    paymentMethod: { token: 'pm_card_riskLevelElevated' },
  });
  await shop.inStatus(held.json.orderId, 'OnHold');
  orderIds.push(await cancelledQuickOrder(token, product), held.json.orderId);
  const refused = { items: items(product), paymentMethod: { token: canary.oneOffToken } };
  await place(token, `${canary.idempotencyKey}-10`, { ...refused, promoCode: canary.wrongCode });
  await place(token, `${canary.idempotencyKey}-11`, { ...refused, addressLabel: canary.line1 });

  // Refusals are audited with address and device.
  await shop.call('GET', '/user/somebody-else', from(canary.ip, token));
  await shop.call('GET', '/order/somebody-elses', from(canary.ip, token));
  await ask('/product', { name: canary.line1 }, token);
  await shop.call('GET', `/order?userId=${canary.email}`, from(canary.ip, token));
  // Personal data has no way onto the stream.
  for (const text of [canary.email, canary.phone, canary.ip, `call ${canary.phone}`]) {
    const event = { type: 'click', at: new Date().toISOString(), properties: { text } };
    expect((await ask('/user/events', { events: [event] }, token)).status).toBe(400);
  }
  const event = { type: 'click', at: new Date().toISOString(), properties: { banner: 'spring' } };
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

/** Puts rows of a table back as they stood. */
async function restore(kept: string, table: string, which: (row: Record<string, unknown>) => boolean) {
  const rows: Record<string, unknown>[] = JSON.parse(kept).filter(which);
  expect(rows.length).toBeGreaterThan(0);
  for (const Item of rows) {
    await shop.dynamo.send(new PutCommand({ TableName: shop.runtime.tables[table], Item }));
  }
}

function deadLetters(): readonly string[] {
  const histories = JSON.stringify(shop.runtime.executions());
  const queue = /QueueUrl[\\":]+([^"\\]+)/.exec(histories)?.[1];
  return queue === undefined ? [] : shop.runtime.queueMessages(queue);
}

function finds(kept: Record<string, string>, values: readonly string[]): string[] {
  return values.flatMap((value) =>
    Object.entries(kept)
      .filter(([, text]) => mentions(text, value))
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
    const notHeldNow = [...neverKept, ...replaced, canary.wrongCode];
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
    // All of it is in the export, but for what opens a payment method and what only whoever repairs it needs.
    const secrets = [canary.savedToken, canary.oneOffToken, canary.repairError];
    const shown = held.filter((value) => !secrets.includes(value));
    expect(shown.filter((value) => !exported.text.includes(value))).toEqual([]);
    for (const secret of secrets) expect(exported.text).not.toContain(secret);
    expect(exported.json.promotionUses).toEqual([
      { code: 'SPRING', orderId: orderIds[2], usedAt: expect.any(String) },
    ]);
    expect(exported.json.orders).toHaveLength(6);
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
    expect(order).toMatchObject({ userId, status: 'Shipped', pricing: { total: { amount: 900 } } });
    expect(order).not.toHaveProperty('address');
    expect((await shop.call('GET', '/user/me', { token })).json).toMatchObject({ code: 'invalid_token' });
    for (const path of [`/user/${userId}`, `/user/${userId}/export`]) {
      expect((await shop.call('GET', path, { token: shop.admin })).status).toBe(404);
    }
    // What came late, or back out of a backup, goes when an Admin asks again.
    await restore(before.ORDERS_TABLE ?? '', 'ORDERS_TABLE', ({ pk }) => pk === `ORDER#${orderIds[2]}`);
    await restore(before.AUDIT_TABLE ?? '', 'AUDIT_TABLE', ({ actorId }) => actorId === userId);
    expect(finds(await everythingKept(), Object.values(canary))).not.toEqual([]);
    expect((await shop.call('DELETE', `/user/${userId}`, { token: shop.admin })).status).toBe(204);
    expect(finds(await everythingKept(), Object.values(canary))).toEqual([]);
    expect((await shop.call('DELETE', '/user/nobody', { token: shop.admin })).status).toBe(404);
    const { email, username, password } = canary;
    const login = await shop.call('POST', '/user/login', { body: { email, password } });
    expect(login.json).toMatchObject({ status: 401, code: 'invalid_credentials' });
    // The names are free; whoever takes them is somebody new.
    const again = await shop.call('POST', '/user/register', { body: { email, username, password } });
    expect(again.status).toBe(201);
    expect(again.json.userId).not.toBe(userId);
  });

  it('that meets orders on their way to us leaves nothing of them', async () => {
    const product = await shop.newProduct({ stockCount: 500 });
    const placedOf = (answers: { status: number; json: { orderId: string } }[]) =>
      answers.filter(({ status }) => status === 202).map(({ json }) => json.orderId);
    let refused = 0;
    // Who comes first is the machine's to say. Every second round the orders set out later, until one comes too late.
    for (let round = 0; round < 8 || (refused === 0 && round < 60); round += 1) {
      const ip = `198.18.96.${round + 1}`;
      const { userId, token } = await shop.newCustomer();
      const order = (delay: number) =>
        sleep(delay).then(() =>
          shop.call('POST', '/order', {
            ...from(ip, token),
            headers: { 'user-agent': canary.userAgent, 'idempotency-key': `key-${delay}` },
            body: { items: items(product), paymentMethod: { token: canary.oneOffToken } },
          }),
        );
      const erase = (by: object) => shop.call('DELETE', `/user/${userId}`, by);
      const [own, ...answers] = await Promise.all([
        sleep(round % 2 === 0 ? round * 4 : 0).then(() => erase(from(ip, token))),
        ...[0, 5, 10, 15, 20, 30, 40, 60].map((delay) => order(delay + (round % 2 === 0 ? 0 : round * 6))),
      ]);
      refused += answers.filter(({ status }) => status !== 202).length;
      for (const { status, json } of answers) {
        if (status !== 202) expect(['account_disabled', 'invalid_token']).toContain(json.code);
      }
      expect([204, 409]).toContain(own.status);
      // An answer of 204 holds from the moment that it is given.
      for (const orderId of placedOf(answers)) await shop.settled(orderId);
      if (own.status === 409) expect((await erase({ token: shop.admin })).status).toBe(204);
      const kept = await everythingKept();
      expect(finds(kept, [ip, canary.oneOffToken])).toEqual([]);
      const orders = (await shop.rows('ORDERS_TABLE')).filter((row) => row.userId === userId);
      expect(orders.filter((row) => 'address' in row)).toEqual([]);
    }
    // Else there was no race.
    expect(refused).toBeGreaterThan(0);
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
