import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localChannels } from '../../local/messaging/local-channels.ts';
import { redrive } from '../../operations/redrive.ts';
import { invokeTask } from '../../operations/support/invoke-task.ts';
import { connectEndpoints, type Target } from '../../operations/support/target.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let target: Target;
let customer: Customer;
/** The tasks that fail for good while this is set. */
let broken: RegExp | undefined;
const said: string[] = [];
const terminal = { line: (text: string) => void said.push(text), progress: () => undefined };
const look = () => redrive(target, { go: false }, terminal);
const go = () => redrive(target, { go: true }, terminal);

beforeAll(async () => {
  const error = { errorType: 'FinalError', errorMessage: 'scripted' };
  shop = await openShop({
    settings: { notifications: localChannels },
    failures: ({ event }) => {
      const { task = '' } = event as { task?: string };
      return broken?.test(task) ? { when: 'before', error } : undefined;
    },
  });
  customer = await shop.newCustomer();
  target = await connectEndpoints('the shop under test', shop.runtime);
});
afterAll(async () => {
  target?.close();
  await shop?.stop();
});

async function placed(method = 'pm_card_visa') {
  const productId = await shop.newProduct();
  const answer = await shop.place(customer, { items: items(productId, 2), paymentMethod: { token: method } });
  return { productId, orderId: String(answer.json.orderId) };
}

const putInto = (queue: string, body: object) =>
  target.queues.send(
    new SendMessageCommand({
      QueueUrl: target.output(`${queue}DeadLetterQueueUrl`),
      MessageBody: JSON.stringify(body),
    }),
  );
const drop = (table: string, Key: Record<string, unknown>) =>
  shop.dynamo.send(new DeleteCommand({ TableName: shop.runtime.tables[table], Key }));
const published = (orderId: string, type: string) =>
  shop.runtime.outbox().filter(({ message }) => message.includes(orderId) && message.includes(`"${type}"`));

test('a shop where everything was done has nothing to redrive', async () => {
  const { orderId } = await placed();
  await shop.settled(orderId);
  expect(await look()).toEqual({ messages: 0, executions: 0, failures: [] });
});

test('what a paid order could not tell is done again, once, and then it is off the queue', async () => {
  broken = /^(notify|track|record)$/;
  const { orderId } = await placed();
  await shop.settled(orderId);
  expect(published(orderId, 'order_confirmation')).toEqual([]);
  expect(await look()).toMatchObject({ messages: 3 });
  const failed = await go();
  expect(failed.failures).toHaveLength(3);
  expect(await look()).toMatchObject({ messages: 3 });
  const beforeRedrive = new Date().toISOString();
  broken = undefined;
  expect((await go()).failures).toEqual([]);
  expect(await look()).toMatchObject({ messages: 0 });
  expect(published(orderId, 'order_confirmation')).toHaveLength(1);
  // Analytics books the sale when it was, not when it was told.
  const sale = shop.runtime.streamRecords().find(({ data }) => data.includes(`${orderId}#order.paid`));
  expect(JSON.parse(sale?.data ?? '{}').occurredAt < beforeRedrive).toBe(true);
  const trail = (await shop.rows('AUDIT_TABLE')).filter(({ pk }) => pk === `ORDER#${orderId}`);
  expect(trail.map(({ action }) => action).sort()).toEqual(['order.created', 'order.paid']);
  // A message that was redriven and deleted too late comes again, and does nothing.
  await putInto('Checkout', { task: 'notify', orderId, userId: customer.userId, type: 'order_confirmation' });
  expect((await go()).failures).toEqual([]);
  expect(published(orderId, 'order_confirmation')).toHaveLength(1);
});

test('messages that were given up in a queue go back to it', async () => {
  const { orderId } = await placed();
  await shop.settled(orderId);
  const [sent] = await eventually(() => {
    const found = published(orderId, 'order_confirmation');
    return found.length > 0 ? found : undefined;
  });
  const before = shop.runtime.counters.invocations()['delivery-email'] ?? 0;
  await putInto('Email', JSON.parse(sent?.message ?? '{}'));
  expect(await look()).toMatchObject({ messages: 1 });
  expect((await go()).failures).toEqual([]);
  await eventually(() => (shop.runtime.counters.invocations()['delivery-email'] ?? 0) > before || undefined);
  expect(await look()).toMatchObject({ messages: 0 });
});

/** An order that was approved, as if its customer had never been told so. */
async function approvedAndPaid(): Promise<string> {
  const { orderId } = await placed('pm_card_riskLevelElevated');
  await shop.inStatus(orderId, 'OnHold');
  await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'known' } });
  await shop.inStatus(orderId, 'Paid');
  const pk = `NOTIFY#${orderId}#order_approved`;
  await eventually(async () => {
    const claims = await shop.rows('IDEMPOTENCY_TABLE');
    return claims.some((claim) => claim.pk === pk && claim.state === 'done') || undefined;
  });
  await drop('IDEMPOTENCY_TABLE', { pk });
  return orderId;
}

test('what a stream gave up is made good from the tables', async () => {
  const begun = new Date().toISOString();
  const approved = await approvedAndPaid();
  const { orderId } = await placed();
  await shop.settled(orderId);
  await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status: 'Shipped' } });
  await eventually(async () => {
    const claims = await shop.rows('IDEMPOTENCY_TABLE');
    const claim = claims.find(({ pk }) => pk === `NOTIFY#${orderId}#order_shipped`);
    return claim?.state === 'done' || undefined;
  });
  await drop('IDEMPOTENCY_TABLE', { pk: `NOTIFY#${orderId}#order_shipped` });
  await eventually(async () => {
    const marks = await shop.rows('INSIGHTS_TABLE');
    const mark = marks.find(({ pk }) => pk === `APPLIED#${orderId}`) as { facts?: { status: string } };
    return mark?.facts?.status === 'Shipped' || undefined;
  });
  await drop('INSIGHTS_TABLE', { pk: `APPLIED#${orderId}`, sk: 'APPLIED' });
  const isOfOrder = ({ pk }: Record<string, unknown>) => pk === `ORDER#${orderId}`;
  // One that is sealed after this would not be lost.
  const seals = await eventually(async () => {
    const entries = (await shop.rows('AUDIT_TABLE')).filter(isOfOrder);
    const rows = (await shop.rows('AUDIT_SEALS_TABLE')).filter(isOfOrder);
    const sealed = new Set(rows.map(({ entry }) => entry));
    return entries.every(({ sk }) => sealed.has(sk)) ? rows : undefined;
  });
  for (const { pk, sk } of seals) {
    await drop('AUDIT_SEALS_TABLE', { pk, sk });
  }
  for (const queue of ['OrderNotices', 'Insights', 'AuditSeal', 'Reconciler']) await putInto(queue, {});
  // A message that tells of no batch has nothing adopted that the stream may still bring.
  const only = await redrive(target, { go: true, only: { queue: 'AuditSeal' } }, terminal);
  expect(only).toMatchObject({ messages: 1, executions: 0, failures: [] });
  expect((await shop.rows('AUDIT_SEALS_TABLE')).filter(isOfOrder)).toEqual([]);
  const [first, last] = [begun, new Date().toISOString()];
  await putInto('AuditSeal', {
    DDBStreamBatchInfo: { approximateArrivalOfFirstRecord: first, approximateArrivalOfLastRecord: last },
  });
  await expect(redrive(target, { go: true, only: { queue: 'Nowhere' } }, terminal)).rejects.toThrow(
    'no queue',
  );
  const done = await go();
  expect(done.failures).toEqual([]);
  expect(await look()).toMatchObject({ messages: 0 });
  expect(published(orderId, 'order_shipped')).toHaveLength(2);
  expect(published(approved, 'order_approved')).toHaveLength(2);
  const marks = (await shop.rows('INSIGHTS_TABLE')).filter(({ pk }) => pk === `APPLIED#${orderId}`);
  expect(marks).toHaveLength(1);
  const sealed = (await shop.rows('AUDIT_SEALS_TABLE')).filter(isOfOrder).filter(({ adopted }) => adopted);
  expect(sealed.length).toBeGreaterThan(1);
});

test('the salt of an erasure that the stream gave up is forgotten', async () => {
  const person = await shop.newCustomer();
  await shop.call('DELETE', `/user/${person.userId}`, { token: person.token });
  const forgotten = async () =>
    (await shop.rows('AUDIT_SEALS_TABLE')).find(
      ({ pk, position, whereSalt }) =>
        pk === `USER#${person.userId}` && position === 1 && whereSalt === undefined,
    );
  const { pk, sk } = await eventually(forgotten);
  const change = {
    UpdateExpression: 'SET whereSalt = :salt',
    ExpressionAttributeValues: { ':salt': 'a'.repeat(64) },
  };
  const TableName = shop.runtime.tables.AUDIT_SEALS_TABLE;
  await shop.dynamo.send(new UpdateCommand({ TableName, Key: { pk, sk }, ...change }));
  expect(await forgotten()).toBeUndefined();
  await putInto('AuditSeal', {});
  expect((await go()).failures).toEqual([]);
  expect(await forgotten()).toBeDefined();
});

const claimed = (notificationId: string) =>
  eventually(async () => {
    const claims = await shop.rows('IDEMPOTENCY_TABLE');
    return claims.some(({ pk, state }) => pk === `NOTIFY#${notificationId}` && state === 'done') || undefined;
  });

test('the staff’s alerts of a held order and of low stock are made good too', async () => {
  const { orderId } = await placed('pm_card_riskLevelElevated');
  await shop.inStatus(orderId, 'OnHold');
  const low = await shop.newProduct({ stockCount: 1, lowStockThreshold: 0 });
  const sold = await shop.place(customer, { items: items(low) });
  await shop.settled(sold.json.orderId);
  const since = (await shop.rows('PRODUCTS_TABLE')).find(({ productId }) => productId === low)?.lowStockSince;
  const lost = [`${orderId}#order_on_hold`, `${low}#low_stock#${since}`];
  for (const id of lost) {
    await claimed(id);
    await drop('IDEMPOTENCY_TABLE', { pk: `NOTIFY#${id}` });
  }
  await putInto('OrderNotices', {});
  expect((await go()).failures).toEqual([]);
  const times = (id: string) => shop.runtime.outbox().filter(({ message }) => message.includes(id)).length;
  expect(lost.map(times)).toEqual([2, 2]);
  // The customer’s own was told, and is not told again.
  expect(times(`${orderId}#order_held`)).toBe(1);
  await shop.call('POST', `/order/${orderId}/reject`, { token: shop.manager, body: { reason: 'test' } });
  await shop.settled(orderId);
});

test('nobody is told again of a step of weeks ago, though the order has changed since', async () => {
  const { orderId } = await placed();
  await shop.settled(orderId);
  await shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status: 'Shipped' } });
  await claimed(`${orderId}#order_shipped`);
  const at = new Date(Date.now() - 45 * 24 * 3600 * 1000).toISOString();
  const order = (await shop.rows('ORDERS_TABLE')).find(
    (row) => row.orderId === orderId && row.sk === 'ORDER',
  );
  const timeline = ((order?.timeline ?? []) as object[]).map((step) => ({ ...step, at }));
  await shop.dynamo.send(
    new PutCommand({
      TableName: shop.runtime.tables.ORDERS_TABLE,
      // As the record of a dispute leaves it.
      Item: { ...order, timeline, updatedAt: new Date().toISOString() },
    }),
  );
  await drop('IDEMPOTENCY_TABLE', { pk: `NOTIFY#${orderId}#order_shipped` });
  await putInto('OrderNotices', {});
  expect((await go()).failures).toEqual([]);
  expect(published(orderId, 'order_shipped')).toHaveLength(1);
});

async function killedOnHold() {
  const order = await placed('pm_card_riskLevelElevated');
  await shop.inStatus(order.orderId, 'OnHold');
  const run = shop.runtime.executions().find(({ name }) => name === order.orderId);
  const states = new SFNClient({ endpoint: shop.runtime.awsEndpoint, region: 'us-east-1' });
  await states.send(new StopExecutionCommand({ executionArn: run?.arn ?? '' }));
  states.destroy();
  return order;
}

test('a checkout that was killed goes on, and ends as if nothing had been', async () => {
  const { orderId } = await killedOnHold();
  const held = await shop.order(orderId);
  expect(await look()).toMatchObject({ executions: 1 });
  expect(said.join('\n')).toContain(`order ${orderId}: redrive`);
  expect((await go()).failures).toEqual([]);
  expect(await look()).toMatchObject({ executions: 0 });
  const waits = () =>
    shop.runtime
      .executions()
      .find(({ name }) => name === orderId)
      ?.events.filter(({ type }) => type === 'TaskScheduled').length;
  const seen = waits();
  expect(seen).toBeGreaterThan(0);
  await eventually(async () => {
    const body = { reason: 'known customer' };
    const { status } = await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body });
    return status === 202 || undefined;
  });
  await shop.inStatus(orderId, 'Paid');
  expect(held.status).toBe('OnHold');
});

test('a checkout whose payment was undone is not let go on: its order is reversed', async () => {
  const { orderId, productId } = await killedOnHold();
  await invokeTask(target, 'Payment', { task: 'undo', orderId });
  expect(await look()).toMatchObject({ executions: 1 });
  expect(said.join('\n')).toContain(`order ${orderId}: repair`);
  expect((await go()).failures).toEqual([]);
  await shop.inStatus(orderId, 'Failed');
  expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 10 });
  await eventually(async () => (await look()).executions === 0 || undefined);
});
