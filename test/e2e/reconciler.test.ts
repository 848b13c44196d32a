import { setTimeout as sleep } from 'node:timers/promises';
import { SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FailureHook } from '../../local/options.ts';
import type { Order } from '../../shared/orders/order.ts';
import { anItem } from '../support/builders/order.ts';
import { createGate } from '../support/gate.ts';
import { eventually } from '../support/local-stack.ts';
import { plantHold, plantOrder } from '../support/planting.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';

let shop: Shop;
let customer: Customer;
let states: SFNClient;
const gate = createGate();
/** The task that fails for good while this is set. */
let broken: string | undefined;
const minutes = 60_000;
const total = { amount: 2000, currency: 'USD' };
const whole = { stockCount: 10, availableCount: 10 };

beforeAll(async () => {
  const failures: FailureHook = async (call) => {
    const { task } = call.event as { task?: string };
    const error = { errorType: 'FinalError', errorMessage: 'scripted' };
    return broken !== undefined && task === broken ? { when: 'before', error } : gate.failures(call);
  };
  shop = await openShop({ failures });
  customer = await shop.newCustomer();
  states = new SFNClient({ endpoint: shop.runtime.awsEndpoint, region: 'us-east-1' });
});
afterAll(async () => {
  states?.destroy();
  await shop?.stop();
});

/** One run of the schedule, as it will be when every hold is over its time; then all that it started ends. */
async function reconcile(): Promise<Record<string, number>> {
  const at = new Date(Date.now() + 20 * minutes).toISOString();
  const result = await shop.runtime.invoke('reconciler', { task: 'reconcile', at });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  await eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined);
  return result.payload as Record<string, number>;
}

const nothing = { released: 0, started: 0, repaired: 0, driven: 0, failed: 0 };

async function placed(method = 'pm_card_visa') {
  const productId = await shop.newProduct();
  const answer = await shop.place(customer, { items: items(productId, 2), paymentMethod: { token: method } });
  return { productId, orderId: String(answer.json.orderId) };
}

async function abort(orderId: string): Promise<void> {
  const run = shop.runtime.executions().find(({ name }) => name === orderId);
  await states.send(new StopExecutionCommand({ executionArn: run?.arn ?? '' }));
}

const paymentOf = async (orderId: string) =>
  (await shop.rows('ORDERS_TABLE')).find((row) => row.pk === `ORDER#${orderId}` && row.sk === 'PAYMENT');

describe('a hold that is over its time', () => {
  test('is given back when its order never came to be', async () => {
    const productId = await shop.newProduct();
    await plantHold(shop, 'ghost', productId);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 8 });
    expect(await reconcile()).toEqual({ ...nothing, released: 1 });
    expect(await shop.stockOf(productId)).toEqual(whole);
    expect(await reconcile()).toEqual(nothing);
  });

  test.each(['Failed', 'Cancelled'] as const)('is given back when its order is %s', async (status) => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, { userId: customer.userId, productId, status });
    await plantHold(shop, orderId, productId);
    expect(await reconcile()).toEqual({ ...nothing, released: 1 });
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test.each(['Shipped', 'Delivered', 'Refunded'] as const)(
    'is sold when its order is %s, though its checkout is gone',
    async (status) => {
      const productId = await shop.newProduct();
      const lines = [anItem({ productId, quantity: 2, allocated: 2, status: 'allocated' })];
      const orderId = await plantOrder(shop, { userId: customer.userId, productId, status, items: lines });
      await plantHold(shop, orderId, productId);
      expect(await reconcile()).toEqual({ ...nothing, repaired: 1 });
      expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
      expect(await reconcile()).toEqual(nothing);
    },
  );

  test('stays while its checkout waits for a review', async () => {
    const { orderId, productId } = await placed('pm_card_riskLevelElevated');
    await shop.inStatus(orderId, 'OnHold');
    const at = new Date(Date.now() + 20 * minutes).toISOString();
    const { payload } = (await shop.runtime.invoke('reconciler', { task: 'reconcile', at })) as {
      payload: unknown;
    };
    expect(payload).toEqual(nothing);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 10, availableCount: 8 });
    await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'fine' } });
    expect((await shop.settled(orderId)).status).toBe('Paid');
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
  });
});

describe('a checkout that was never started', () => {
  test('is started, and pays the order', async () => {
    const productId = await shop.newProduct();
    const orderId = await plantOrder(shop, { userId: customer.userId, productId });
    expect(await reconcile()).toEqual({ ...nothing, started: 1 });
    expect((await shop.settled(orderId)).status).toBe('Paid');
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
  });
});

describe('a checkout that died', () => {
  test.each(['validateOrder', 'authorize', 'capture', 'updateOrderStatus'])(
    'before %s is taken back: nothing charged, nothing held, order Failed',
    async (task) => {
      const stop = gate.close(task);
      const { orderId, productId } = await placed();
      await stop.reached;
      await abort(orderId);
      stop.open();
      await sleep(100);
      expect(await reconcile()).toMatchObject({ repaired: 1, failed: 0 });
      const order = await shop.order(orderId);
      expect([order.status, order.failure?.code]).toEqual(['Failed', 'internal']);
      expect(await shop.stockOf(productId)).toEqual(whole);
      const payment = await paymentOf(orderId);
      expect(payment?.undo).toBe('done');
      expect(payment?.refunded).toEqual(payment?.state === 'captured' ? total : undefined);
      expect(await reconcile()).toEqual(nothing);
    },
  );

  test('while the order was on hold is taken back', async () => {
    const { orderId, productId } = await placed('pm_card_riskLevelElevated');
    await shop.inStatus(orderId, 'OnHold');
    await abort(orderId);
    expect(await reconcile()).toMatchObject({ repaired: 1 });
    expect((await shop.order(orderId)).status).toBe('Failed');
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('between paid and sold is taken back, with the refund', async () => {
    const stop = gate.close('commit');
    const { orderId, productId } = await placed();
    await stop.reached;
    await abort(orderId);
    expect((await shop.order(orderId)).status).toBe('Paid');
    expect(await reconcile()).toMatchObject({ repaired: 1 });
    // Its last task comes back from the dead, and finds its way barred.
    stop.open();
    await sleep(100);
    const order = await shop.order(orderId);
    expect([order.status, order.paymentInfo.refunded]).toEqual(['Failed', total]);
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('once the order was paid and sold leaves it alone', async () => {
    const stop = gate.close('notify');
    const { orderId, productId } = await placed();
    await stop.reached;
    await abort(orderId);
    stop.open();
    expect(await reconcile()).toEqual(nothing);
    expect((await shop.order(orderId)).status).toBe('Paid');
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
  });

  test('with a cancellation ends as cancelled', async () => {
    const stop = gate.close('capture');
    const { orderId, productId } = await placed();
    await stop.reached;
    await abort(orderId);
    await shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token });
    stop.open();
    await sleep(100);
    expect(await reconcile()).toMatchObject({ driven: 1 });
    expect((await shop.order(orderId)).status).toBe('Cancelled');
    expect(await shop.stockOf(productId)).toEqual(whole);
  });
});

describe('what a person asked for and nobody carries out', () => {
  const wish = async (orderId: string, reversing: 'cancel' | 'refund', status: string) => {
    const cancel = { by: customer.userId, at: new Date().toISOString() };
    await shop.dynamo.send(
      new UpdateCommand({
        TableName: shop.runtime.tables.ORDERS_TABLE,
        Key: { pk: `ORDER#${orderId}`, sk: 'ORDER' },
        UpdateExpression: `SET reversing = :kind, #status = :status${reversing === 'cancel' ? ', #cancel = :cancel' : ''}`,
        ExpressionAttributeNames: {
          '#status': 'status',
          ...(reversing === 'cancel' ? { '#cancel': 'cancel' } : {}),
        },
        ExpressionAttributeValues: {
          ':kind': reversing,
          ':status': status,
          ...(reversing === 'cancel' ? { ':cancel': cancel } : {}),
        },
      }),
    );
  };

  test('is carried out: a cancellation', async () => {
    const { orderId, productId } = await placed();
    await shop.settled(orderId);
    await wish(orderId, 'cancel', 'Paid');
    expect(await reconcile()).toEqual({ ...nothing, driven: 1 });
    const order = await shop.order(orderId);
    expect([order.status, order.paymentInfo.refunded]).toEqual(['Cancelled', total]);
    expect(await shop.stockOf(productId)).toEqual(whole);
  });

  test('is carried out: a refund', async () => {
    const { orderId, productId } = await placed();
    await shop.settled(orderId);
    await wish(orderId, 'refund', 'Refunded');
    expect(await reconcile()).toEqual({ ...nothing, driven: 1 });
    expect((await shop.order(orderId)).paymentInfo.refunded).toEqual(total);
    expect(await shop.stockOf(productId)).toEqual({ stockCount: 8, availableCount: 8 });
    expect(await reconcile()).toEqual(nothing);
  });
});

describe('money that could not be given back', () => {
  const ended = () =>
    eventually(() => shop.runtime.executions().every((run) => run.status !== 'RUNNING') || undefined);
  const toldOf = (orderId: string) =>
    shop.runtime
      .outbox()
      .map(({ message }) => JSON.parse(message) as { orderId?: string; type: string })
      .filter((message) => message.orderId === orderId)
      .map(({ type }) => type);
  const marksOf = async (orderId: string) => {
    const rows = await shop.rows('ORDERS_TABLE');
    const row = rows.find(({ pk, sk }) => pk === `ORDER#${orderId}` && sk === 'ORDER') as Order | undefined;
    return row?.repair?.map(({ step }) => step);
  };
  const withoutMoney = async (act: () => Promise<unknown>) => {
    broken = 'undo';
    try {
      await act();
      await ended();
    } finally {
      broken = undefined;
    }
  };

  test('of a refund is given back later, and only then is the customer told', async () => {
    const { orderId } = await placed();
    await shop.settled(orderId);
    const patch = (status: string) =>
      shop.call('PATCH', `/order/${orderId}`, { token: shop.admin, body: { status } });
    expect((await patch('Shipped')).status).toBe(200);
    await withoutMoney(() => patch('Refunded'));
    const open = await shop.order(orderId);
    expect(open.status).toBe('Refunded');
    expect(await marksOf(orderId)).toEqual(['UndoPayment']);
    expect(open.paymentInfo.refunded).toBeUndefined();
    expect(toldOf(orderId)).not.toContain('order_refunded');
    expect(await reconcile()).toEqual({ ...nothing, driven: 1 });
    expect((await shop.order(orderId)).paymentInfo.refunded).toEqual(total);
    expect(toldOf(orderId)).toContain('order_refunded');
    expect(await reconcile()).toEqual(nothing);
  });

  test('of a cancellation is given back later', async () => {
    const { orderId, productId } = await placed();
    await shop.settled(orderId);
    await withoutMoney(() => shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token }));
    const open = await shop.order(orderId);
    expect(open.status).toBe('Cancelled');
    expect(await marksOf(orderId)).toEqual(['UndoPayment']);
    expect(open.paymentInfo.refunded).toBeUndefined();
    expect(await shop.stockOf(productId)).toEqual(whole);
    expect(await reconcile()).toEqual({ ...nothing, driven: 1 });
    expect((await shop.order(orderId)).paymentInfo.refunded).toEqual(total);
    expect(await shop.stockOf(productId)).toEqual(whole);
    expect(await reconcile()).toEqual(nothing);
  });
});
