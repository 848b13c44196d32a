import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../operations/doctor.ts';
import { connectEndpoints, type Target } from '../../operations/support/target.ts';
import { eventually } from '../support/local-stack.ts';
import { plantHold, plantOrder, plantPayment } from '../support/planting.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let target: Target;
let customer: Customer;
const minutes = 60_000;
const whole = { stockCount: 10, availableCount: 10 };

beforeAll(async () => {
  shop = await openShop();
  customer = await shop.newCustomer();
  target = await connectEndpoints('the shop under test', shop.runtime);
});
afterAll(async () => {
  target?.close();
  await shop?.stop();
});

const said: string[] = [];
const terminal = { line: (text: string) => void said.push(text), progress: () => undefined };

/** As it looks in 20 minutes, when all that was just done is past any grace. */
const later = { now: () => new Date(Date.now() + 20 * minutes) };

async function doctor(fix = false, options: { clock?: typeof later; graceMilliseconds?: number } = {}) {
  said.length = 0;
  await quiet();
  const findings = await examine(
    target,
    { fix, clock: later, graceMilliseconds: 5 * minutes, unitsPerSecond: 100_000, ...options },
    terminal,
  );
  return findings.map(({ kind, entity }) => ({ kind, id: entity.id }));
}

/** Executions that are not waiting for a person have ended, and the stream has been counted. */
async function quiet() {
  await eventually(async () => {
    const orders = await shop.rows('ORDERS_TABLE');
    const waiting = orders.filter(({ status }) => status === 'OnHold' || status === 'AwaitingProfile');
    const running = shop.runtime.executions().filter(({ status }) => status === 'RUNNING');
    const marks = await shop.rows('INSIGHTS_TABLE');
    const counted = new Map(marks.map(({ pk, facts }) => [pk, facts as { status?: string } | undefined]));
    const isCounted = orders.every(
      (o) => o.sk !== 'ORDER' || counted.get(`APPLIED#${o.orderId}`)?.status === o.status,
    );
    return (running.length <= waiting.length && isCounted) || undefined;
  });
}

async function paid(fields: Record<string, unknown> = {}) {
  const productId = await shop.newProduct();
  const { json } = await shop.place(customer, { items: items(productId, 2), ...fields });
  await shop.settled(json.orderId);
  return { productId, orderId: String(json.orderId) };
}

const set = (
  table: string,
  key: Record<string, unknown>,
  UpdateExpression: string,
  values = {},
  names = {},
) =>
  shop.dynamo.send(
    new UpdateCommand({
      TableName: shop.runtime.tables[table],
      Key: key,
      UpdateExpression,
      ...(Object.keys(values).length ? { ExpressionAttributeValues: values } : {}),
      ...(Object.keys(names).length ? { ExpressionAttributeNames: names } : {}),
    }),
  );

/**
 * Leaves out that reports lack what has just become of an order: by this clock no grace waits for the stream, which
 * may be a moment behind its last change.
 */
const withoutLag = (found: Awaited<ReturnType<typeof doctor>>, orderId: string) =>
  found.filter(({ kind, id }) => kind !== 'insights_drift' || id !== orderId);
const repair = async (orderId: string) => withoutLag(await doctor(true), orderId);

/** Found, set right, on the trail once for each time, and found no more. */
async function isRepaired(finding: { kind: string; id: string }, times = 1) {
  const isLag = finding.kind !== 'insights_drift';
  const look = async (fix: boolean) => {
    const found = await doctor(fix);
    return isLag ? withoutLag(found, finding.id) : found;
  };
  expect(await look(false)).toEqual([finding]);
  expect(await look(true)).toEqual([finding]);
  expect(said.join('\n')).not.toContain('NOT fixed');
  expect(await look(true)).toEqual([]);
  const trail = await shop.rows('AUDIT_TABLE');
  const entries = trail.filter((entry) => entry.action === `doctor.${finding.kind}`);
  const own = entries.filter((entry) => String(entry.pk).endsWith(`#${finding.id}`));
  expect(own).toHaveLength(times);
  expect(own[0]).toMatchObject({ actor: { id: 'doctor', role: 'System' } });
}

test('a shop after orders of every fate is in order', async () => {
  await paid();
  await paid({ paymentMethod: { token: 'pm_card_visa_chargeDeclined' } });
  const { orderId } = await paid();
  await shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token, body: {} });
  await shop.inStatus(orderId, 'Cancelled');
  expect(await doctor()).toEqual([]);
  expect(said.at(-1)).toBe('Nothing is wrong.');
});

test('checkouts that wait for a person are no finding, however long they wait', async () => {
  const productId = await shop.newProduct();
  const held = { items: items(productId), paymentMethod: { token: 'pm_card_riskLevelElevated' } };
  const { json } = await shop.place(customer, held);
  await shop.inStatus(json.orderId, 'OnHold');
  const newcomer = await shop.newCustomer({ withProfile: false });
  const waiting = await shop.place(newcomer, { items: items(productId) });
  await shop.inStatus(waiting.json.orderId, 'AwaitingProfile');
  expect(await doctor(true)).toEqual([]);
  const reason = { token: shop.manager, body: { reason: 'known customer' } };
  await shop.call('POST', `/order/${json.orderId}/approve`, reason);
  await shop.saveDetails(newcomer);
  await shop.inStatus(json.orderId, 'Paid');
  await shop.inStatus(waiting.json.orderId, 'Paid');
});

describe('what is damaged is found, repaired once and clean afterwards:', () => {
  test('stock held for an order that never came to be', async () => {
    const productId = await shop.newProduct();
    await plantHold(shop, 'ghost', productId);
    await isRepaired({ kind: 'leaked_hold', id: 'ghost' });
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('stock held for an order that has failed', async () => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, { productId, userId: customer.userId, status: 'Failed' });
    await plantHold(shop, orderId, productId);
    await quiet();
    await isRepaired({ kind: 'leaked_hold', id: orderId });
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('stock of a paid order that only has to be sold: the order stays paid', async () => {
    const { orderId, productId } = await paid();
    const TableName = shop.runtime.tables.INVENTORY_TABLE;
    const row = (await shop.rows('INVENTORY_TABLE')).find((one) => one.sk === `ORDER#${orderId}`);
    await shop.dynamo.send(new DeleteCommand({ TableName, Key: { pk: row?.pk, sk: row?.sk } }));
    await set('PRODUCTS_TABLE', { productId }, 'SET availableCount = :all, stockCount = :all', {
      ':all': 10,
    });
    await plantHold(shop, orderId, productId);
    await isRepaired({ kind: 'unsold_hold', id: orderId });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
    expect((await shop.order(orderId)).status).toBe('Paid');
  });

  test('a cancellation that nobody carries out', async () => {
    const { orderId, productId } = await paid();
    const wish = { by: customer.userId, at: new Date().toISOString() };
    await set(
      'ORDERS_TABLE',
      { pk: `ORDER#${orderId}`, sk: 'ORDER' },
      'SET reversing = :cancel, #cancel = :wish ADD version :one',
      { ':cancel': 'cancel', ':wish': wish, ':one': 1 },
      { '#cancel': 'cancel' },
    );
    await isRepaired({ kind: 'stuck_reversal', id: orderId });
    expect((await shop.order(orderId)).status).toBe('Cancelled');
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('an order whose checkout was never started', async () => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, { productId, userId: customer.userId });
    await isRepaired({ kind: 'stuck_order', id: orderId });
    expect((await shop.order(orderId)).status).toBe('Paid');
  });

  test('an order whose checkout was killed', async () => {
    const productId = await shop.newProduct();
    const token = 'pm_card_riskLevelElevated';
    const { json } = await shop.place(customer, { items: items(productId, 2), paymentMethod: { token } });
    await shop.inStatus(json.orderId, 'OnHold');
    const run = shop.runtime.executions().find(({ name }) => name === json.orderId);
    const states = new SFNClient({ endpoint: shop.runtime.awsEndpoint, region: 'us-east-1' });
    await states.send(new StopExecutionCommand({ executionArn: run?.arn ?? '' }));
    states.destroy();
    expect(await doctor()).toEqual([{ kind: 'stuck_order', id: json.orderId }]);
    await doctor(true);
    await shop.inStatus(json.orderId, 'Failed');
    expect(await doctor()).toEqual([]);
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test.each([
    ['captured', {}],
    ['authorized', { state: 'authorized' }],
    ['never answered', { state: 'authorizing' }],
    ['half undone', { undo: 'started' }],
  ])('a payment that is %s, of an order that has failed', async (_, fields) => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, { productId, userId: customer.userId, status: 'Failed' });
    await plantPayment(shop, orderId, fields);
    await quiet();
    await isRepaired({ kind: 'orphan_payment', id: orderId });
    const records = await shop.rows('ORDERS_TABLE');
    const record = records.find(({ pk, sk }) => pk === `ORDER#${orderId}` && sk === 'PAYMENT');
    expect(record).toMatchObject({ undo: 'done' });
  });

  test('a payment of an order that is gone', async () => {
    await plantPayment(shop, '01JZZZZZZZZZZZZZZZZZZZZZZZ');
    await isRepaired({ kind: 'orphan_payment', id: '01JZZZZZZZZZZZZZZZZZZZZZZZ' });
  });

  test('a counter of the stock that drifted', async () => {
    const { productId } = await paid();
    await set('PRODUCTS_TABLE', { productId }, 'SET availableCount = :less, stockCount = :more', {
      ':less': 3,
      ':more': 11,
    });
    await isRepaired({ kind: 'stock_drift', id: productId });
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
  });

  test('the uses of a promo code that drifted', async () => {
    const body = { code: 'DRIFT', kind: 'percent', value: 10, maxUses: 5, maxUsesPerUser: 3 };
    await shop.call('POST', '/order/promotion', { token: shop.admin, body });
    await paid({ promoCode: 'DRIFT' });
    expect(await doctor()).toEqual([]);
    const rows = await shop.rows('PROMOTIONS_TABLE');
    const total = rows.find(({ pk, sk }) => String(pk).startsWith('USES#') && sk === 'TOTAL');
    await set('PROMOTIONS_TABLE', { pk: total?.pk, sk: 'TOTAL' }, 'SET uses = :wrong', { ':wrong': 4 });
    await isRepaired({ kind: 'promotion_drift', id: 'DRIFT' });
    const TableName = shop.runtime.tables.PROMOTIONS_TABLE;
    const Key = { pk: total?.pk, sk: `USER#${customer.userId}` };
    await shop.dynamo.send(new DeleteCommand({ TableName, Key }));
    await isRepaired({ kind: 'promotion_drift', id: 'DRIFT' }, 2);
  });

  test('a customer’s one use of a code for first orders, and their count of paid orders', async () => {
    const newcomer = await shop.newCustomer();
    const body = { code: 'WELCOME', kind: 'percent', value: 10, firstOrderOnly: true };
    await shop.call('POST', '/order/promotion', { token: shop.admin, body });
    const productId = await shop.newProduct();
    const placed = await shop.place(newcomer, { items: items(productId), promoCode: 'WELCOME' });
    await shop.settled(placed.json.orderId);
    expect(await doctor()).toEqual([]);
    const first = { pk: 'USES#FIRST', sk: `USER#${newcomer.userId}` };
    await set('PROMOTIONS_TABLE', first, 'SET uses = :wrong', { ':wrong': 0 });
    await isRepaired({ kind: 'promotion_drift', id: newcomer.userId });
    await set('USERS_TABLE', { pk: `USER#${newcomer.userId}` }, 'SET orderCount = :wrong', { ':wrong': 7 });
    await isRepaired({ kind: 'order_count_drift', id: newcomer.userId });
    const { json } = await shop.call('GET', `/user/${newcomer.userId}`, { token: shop.admin });
    expect(json.orderCount).toBe(1);
  });

  test('an order that reports do not count', async () => {
    const { orderId, productId } = await paid();
    await quiet();
    const Key = { pk: `APPLIED#${orderId}`, sk: 'APPLIED' };
    const TableName = shop.runtime.tables.INSIGHTS_TABLE;
    await eventually(async () => {
      const marks = await shop.rows('INSIGHTS_TABLE');
      const mark = marks.find(({ pk }) => pk === Key.pk) as { facts?: { status: string } } | undefined;
      return mark?.facts?.status === 'Paid' || undefined;
    });
    await shop.dynamo.send(new DeleteCommand({ TableName, Key }));
    const seen = await examine(
      target,
      { fix: true, clock: later, graceMilliseconds: minutes, unitsPerSecond: 1e5 },
      terminal,
    );
    const kinds = new Map(seen.map(({ kind, entity }) => [entity.id, kind]));
    // Without its mark nobody knows that it was counted: it is in the rankings twice then, which is found in turn.
    expect([...kinds]).toEqual([
      [orderId, 'insights_drift'],
      [productId, 'ranking_drift'],
    ]);
    expect(await doctor()).toEqual([]);
  });

  test('a product whose score in the rankings drifted, or went', async () => {
    const { productId } = await paid();
    const find = async () =>
      (await shop.rows('INSIGHTS_TABLE')).find(({ pk, sk }) => pk === 'BOUGHT#ALL' && sk === productId);
    expect((await eventually(find)).score).toBe(1);
    const Key = { pk: 'BOUGHT#ALL', sk: productId };
    const drift = { kind: 'ranking_drift', id: productId };
    await set('INSIGHTS_TABLE', Key, 'SET score = :wrong', { ':wrong': 40 });
    await isRepaired(drift);
    await shop.dynamo.send(new DeleteCommand({ TableName: shop.runtime.tables.INSIGHTS_TABLE, Key }));
    await isRepaired(drift, 2);
    expect(await find()).toMatchObject({ score: 1 });
  });

  test('a row of a report that drifted', async () => {
    await paid();
    const inThreeDays = { clock: { now: () => new Date(Date.now() + 3 * 24 * 60 * minutes) } };
    // The mark that was lost above has let its order count twice.
    expect((await doctor(true, inThreeDays)).length).toBeGreaterThan(0);
    expect(await doctor(false, inThreeDays)).toEqual([]);
    const rows = await shop.rows('INSIGHTS_TABLE');
    const row = rows.find(({ pk, sk }) => String(pk).startsWith('SALES#') && String(sk).includes('#Paid#'));
    const key = { pk: row?.pk, sk: row?.sk };
    const more = { ':more': 5 };
    await set('INSIGHTS_TABLE', key, 'ADD #orders :more, #amount :more', more, {
      '#orders': 'orders',
      '#amount': 'amount',
    });
    const finding = [{ kind: 'report_drift', id: 'GET /order/report' }];
    expect(await doctor(true, inThreeDays)).toEqual(finding);
    expect(await doctor(true, inThreeDays)).toEqual([]);
    const after = (await shop.rows('INSIGHTS_TABLE')).find(({ pk, sk }) => pk === key.pk && sk === key.sk);
    expect(after).toMatchObject({ orders: row?.orders, amount: row?.amount });
  });

  test('an order that was marked for repair', async () => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, {
      productId,
      userId: customer.userId,
      status: 'Failed',
      repair: [{ step: 'ReleaseInventory', error: 'throttled', at: new Date(0).toISOString() }],
    });
    await quiet();
    await isRepaired({ kind: 'marked_for_repair', id: orderId });
    expect(await shop.stockOf(productId)).toEqual(whole);
  });
});

test('an order that could be neither undone nor ended is reversed first, and its marks go once it has ended', async () => {
  const productId = await shop.newProduct();
  const at = new Date(0).toISOString();
  const orderId = await plantOrder(shop, {
    productId,
    userId: (await shop.newCustomer()).userId,
    status: 'OnHold',
    repair: ['UndoPayment', 'FailOrder'].map((step) => ({ step, error: 'throttled', at })),
  });
  await plantPayment(shop, orderId, { undo: 'started' });
  await plantHold(shop, orderId, productId);
  expect(await repair(orderId)).toEqual([{ kind: 'stuck_order', id: orderId }]);
  await shop.inStatus(orderId, 'Failed');
  expect(await shop.stockOf(productId)).toEqual(whole);
  expect(await doctor(true)).toEqual([{ kind: 'marked_for_repair', id: orderId }]);
  expect(await doctor()).toEqual([]);
});

test('a paid order without a payment, and an order that cannot be read, are told and left to a person', async () => {
  const productId = await shop.newProduct();
  const { orderId } = await paid();
  await shop.dynamo.send(
    new DeleteCommand({
      TableName: shop.runtime.tables.ORDERS_TABLE,
      Key: { pk: `ORDER#${orderId}`, sk: 'PAYMENT' },
    }),
  );
  const broken = await plantOrder(shop, { productId, userId: customer.userId, status: 'Failed' });
  await quiet();
  await set('ORDERS_TABLE', { pk: `ORDER#${broken}`, sk: 'ORDER' }, 'SET currency = :number', {
    ':number': 7,
  });
  const expected = [
    { kind: 'unreadable', id: broken },
    { kind: 'unpaid_order', id: orderId },
  ];
  expect(await doctor(true)).toEqual(expected);
  expect(await doctor(true)).toEqual(expected);
});
