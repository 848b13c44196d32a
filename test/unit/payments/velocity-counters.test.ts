import { setTimeout as sleep } from 'node:timers/promises';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOrderStore } from '../../../shared/adapters/dynamodb/order-store.ts';
import { createValidationReader } from '../../../shared/adapters/dynamodb/velocity-counters.ts';
import type { OrderStore } from '../../../shared/orders/order-store.ts';
import { counterMoves, counterReads, recentOrders } from '../../../shared/payments/velocity.ts';
import { fraudRules } from '../../support/builders/fraud.ts';
import { anOrder } from '../../support/builders/order.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { openAccount } from '../../support/open-account.ts';

const rules = fraudRules({ userVelocity: {}, addressVelocity: {} });
const retry = { random: Math.random, sleep: (milliseconds: number) => sleep(milliseconds) };
let dynamo: TestDynamo;
let store: OrderStore;
let userId: string;
let made = 0;

beforeAll(async () => {
  dynamo = await startDynamo('orders', 'users', 'audit', 'idempotency', 'products');
  const { client, table } = dynamo;
  const tables = {
    orders: table('orders'),
    users: table('users'),
    audit: table('audit'),
    idempotency: table('idempotency'),
  };
  store = createOrderStore(client, tables, retry);
});
afterAll(() => dynamo?.stop());
beforeEach(async () => {
  made += 1;
  userId = `buyer-${made}`;
  await openAccount(dynamo, userId);
});

const counted = () => ({
  userId,
  placedFrom: { ip: `198.51.100.${made}` },
  createdAt: '2026-03-01T12:00:00.000Z',
});

function place(key: string, orderId = `order-${made}-${key}`, by = userId) {
  const order = anOrder({ orderId, userId: by });
  const [audit] = order.auditLogs;
  if (!audit) throw new Error('A new order has its first audit entry');
  const request = { requestHash: 'hash', orderId, response: '{}' };
  return store.place(order, { userId: by, key }, request, audit, counterMoves(rules, counted(), 3600));
}

async function recent() {
  const { client, table } = dynamo;
  const tables = { products: table('products'), idempotency: table('idempotency') };
  const reads = counterReads(rules, counted());
  const { counters } = await createValidationReader(client, tables, retry).read(
    ['no-such-product'],
    reads.map(({ key }) => key),
  );
  return recentOrders(reads, counters);
}

describe('the counters of orders', () => {
  test('have counted nothing before the first order', async () => {
    expect(await recent()).toEqual({ userVelocity: 0, addressVelocity: 0 });
  });

  test('count every order that was placed, those at the same moment too', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => place(key)));
    expect(await recent()).toEqual({ userVelocity: 4, addressVelocity: 4 });
  });

  test('count a request once, however often it is sent', async () => {
    expect(await place('a', 'first')).toBeUndefined();
    for (const again of ['second', 'third']) {
      expect(await place('a', again)).toMatchObject({ orderId: 'first' });
    }
    expect(await recent()).toEqual({ userVelocity: 1, addressVelocity: 1 });
  });

  test('count nothing that was refused', async () => {
    await expect(place('a', 'refused', 'nobody')).rejects.toMatchObject({ code: 'invalid_token' });
    expect(await recent()).toEqual({ userVelocity: 0, addressVelocity: 0 });
  });

  test('expire by the table’s own time to live', async () => {
    await place('a');
    for (const { key, expiresAt } of counterMoves(rules, counted(), 3600)) {
      const { Item } = await dynamo.client.send(
        new GetCommand({ TableName: dynamo.table('idempotency'), Key: { pk: key } }),
      );
      expect(Item).toMatchObject({ expiresAt });
    }
  });
});
