import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchWriteCommand,
  DeleteCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/lib-dynamodb';
import { encodeTime } from 'ulid';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { orderToItem } from '../../../shared/adapters/dynamodb/order-item.ts';
import { createOrderStore } from '../../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentRecords } from '../../../shared/adapters/dynamodb/payment-records.ts';
import { createUserDirectory, userKey } from '../../../shared/adapters/dynamodb/user-directory.ts';
import { userItems } from '../../../shared/adapters/dynamodb/user-store.ts';
import { Problem } from '../../../shared/api/problem.ts';
import { systemActor } from '../../../shared/audit/audit-entry.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { withStatus } from '../../../shared/orders/order-changes.ts';
import type { OrderFilter, OrderStore } from '../../../shared/orders/order-store.ts';
import { anOrder } from '../../support/builders/order.ts';
import { aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { openAccount } from '../../support/open-account.ts';

let dynamo: TestDynamo;
let store: OrderStore;
let made = 0;

const retry = { random: Math.random, sleep: (milliseconds: number) => sleep(milliseconds) };
const rows = async (table: 'orders' | 'audit' | 'idempotency') =>
  (await dynamo.client.send(new ScanCommand({ TableName: dynamo.table(table) }))).Items ?? [];

beforeAll(async () => {
  dynamo = await startDynamo('orders', 'users', 'audit', 'idempotency');
  const { table } = dynamo;
  const tables = {
    orders: table('orders'),
    users: table('users'),
    audit: table('audit'),
    idempotency: table('idempotency'),
  };
  store = createOrderStore(dynamo.client, tables, retry);
});
afterAll(() => dynamo?.stop());

/** An order under an id of its own that was placed at that time. */
function orderAt(placedAt: string, overrides: Partial<Order> = {}): Order {
  made += 1;
  const orderId = encodeTime(Date.parse(placedAt)) + String(made).padStart(16, '0');
  return anOrder({ orderId, createdAt: placedAt, updatedAt: placedAt, ...overrides });
}

const requestOf = (order: Order) => ({
  requestHash: `hash of ${order.orderId}`,
  orderId: order.orderId,
  response: '{"first":"answer"}',
});
function place(order: Order, key = `key of ${order.orderId}`) {
  const [audit] = order.auditLogs;
  if (!audit) throw new Error('A new order has its first audit entry');
  return store.place(order, { userId: order.userId, key }, requestOf(order), audit);
}
async function placed(overrides: Partial<Order> = {}, placedAt = '2026-03-01T12:00:00.000Z') {
  const order = orderAt(placedAt, overrides);
  await openAccount(dynamo, order.userId);
  expect(await place(order)).toBeUndefined();
  return order;
}

describe('placing', () => {
  beforeAll(async () => {
    for (const n of [2, 3, 4, 5, 6]) await openAccount(dynamo, `placing-${n}`);
  });

  test.each([
    ['has been shut', 'account_disabled', aUser({ userId: 'shut', disabled: true })],
    ['is gone', 'invalid_token', undefined],
  ])(
    'for an account that %s since the request was let in is refused and writes nothing',
    async (_, code, user) => {
      const userId = user?.userId ?? 'gone';
      if (user) {
        const Item = { ...userKey(userId), ...user };
        await dynamo.client.send(new PutCommand({ TableName: dynamo.table('users'), Item }));
      }
      const order = orderAt('2026-03-01T12:00:00.000Z', { userId });
      const refused = await place(order).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'Problem', code });
      // An audited refusal would be a new trace of somebody who has just been erased.
      expect(refused).not.toHaveProperty('options.isRefusal');
      expect(await store.find(order.orderId)).toBeUndefined();
      expect(await store.findPlaced({ userId, key: `key of ${order.orderId}` })).toBeUndefined();
      expect((await rows('audit')).filter(({ pk }) => pk === `ORDER#${order.orderId}`)).toEqual([]);
    },
  );

  test('writes order, key and audit entry', async () => {
    const order = await placed({ userId: 'placing-1' });
    expect(await store.find(order.orderId)).toEqual(order);
    const key = { userId: 'placing-1', key: `key of ${order.orderId}` };
    expect(await store.findPlaced(key)).toEqual(requestOf(order));
    expect(await rows('audit')).toContainEqual(
      expect.objectContaining({ pk: `ORDER#${order.orderId}`, action: 'order.created' }),
    );
  });

  test('with a used key answers the former request and writes nothing', async () => {
    const first = orderAt('2026-03-01T12:00:00.000Z', { userId: 'placing-2' });
    const second = orderAt('2026-03-02T12:00:00.000Z', { userId: 'placing-2' });
    expect(await place(first, 'same')).toBeUndefined();
    expect(await place(second, 'same')).toEqual(requestOf(first));
    expect(await store.find(second.orderId)).toBeUndefined();
    expect((await rows('audit')).filter(({ pk }) => pk === `ORDER#${second.orderId}`)).toEqual([]);
  });

  test('with another user’s key is another request', async () => {
    expect(
      await place(orderAt('2026-03-01T12:00:00.000Z', { userId: 'placing-3' }), 'shared'),
    ).toBeUndefined();
    expect(
      await place(orderAt('2026-03-01T12:00:00.000Z', { userId: 'placing-4' }), 'shared'),
    ).toBeUndefined();
  });

  test('ten times at once with one key makes one order', async () => {
    const orders = Array.from({ length: 10 }, () =>
      orderAt('2026-03-01T12:00:00.000Z', { userId: 'placing-5' }),
    );
    const answers = await Promise.allSettled(orders.map((order) => place(order, 'crowded')));
    const winners = orders.filter((_, index) => {
      const answer = answers[index];
      return answer?.status === 'fulfilled' && answer.value === undefined;
    });
    expect(winners).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'fulfilled') {
        expect(answer.value?.orderId ?? winners[0]?.orderId).toBe(winners[0]?.orderId);
      } else {
        expect(answer.reason).toBeInstanceOf(Problem);
        expect(answer.reason).toMatchObject({ code: 'request_in_progress' });
      }
    }
    expect((await rows('orders')).filter(({ userId }) => userId === 'placing-5')).toHaveLength(1);
  });

  test('with a key that has expired is a new request, though the item is still there', async () => {
    const first = orderAt('2026-03-01T12:00:00.000Z', { userId: 'placing-6' });
    await place(first, 'old');
    const within = orderAt('2026-03-03T12:00:00.000Z', { userId: 'placing-6' });
    expect(await place(within, 'old')).toEqual(requestOf(first));
    const later = orderAt('2026-03-03T12:00:01.000Z', { userId: 'placing-6' });
    expect(await place(later, 'old')).toBeUndefined();
    expect(await store.findPlaced({ userId: 'placing-6', key: 'old' })).toEqual(requestOf(later));
  });
});

describe('saving', () => {
  test('makes the next version of the one that was read', async () => {
    const order = await placed();
    expect(await store.save({ ...order, reviewToken: 'token' })).toBe(true);
    expect(await store.find(order.orderId)).toMatchObject({ version: 2, reviewToken: 'token' });
  });

  test('from a version that is no longer there changes nothing', async () => {
    const order = await placed();
    await store.save({ ...order, reviewToken: 'first' });
    expect(await store.save({ ...order, reviewToken: 'second' })).toBe(false);
    expect(await store.find(order.orderId)).toMatchObject({ version: 2, reviewToken: 'first' });
  });

  test('an order that was never placed is refused', async () => {
    expect(await store.save(orderAt('2026-03-01T12:00:00.000Z'))).toBe(false);
  });

  test('of ten at once from one version lets one through', async () => {
    const order = await placed();
    const saves = Array.from({ length: 10 }, (_, index) =>
      store.save({ ...order, reviewToken: String(index) }),
    );
    expect((await Promise.all(saves)).filter(Boolean)).toHaveLength(1);
    expect(await store.find(order.orderId)).toMatchObject({ version: 2 });
  });
});

describe('saving with the count of paid orders', () => {
  const paid = (order: Order) => withStatus(order, 'Paid', systemActor, new Date('2026-03-01T12:01:00Z'));
  const flags = { preferredPaymentMethod: 'pm_card_visa', lastSelectedAddress: 'home' };
  const userOf = (userId: string) => createUserDirectory(dynamo.client, dynamo.table('users')).find(userId);

  async function userWithOrder(userId: string) {
    const TableName = dynamo.table('users');
    for (const Item of userItems(aUser({ userId }))) {
      await dynamo.client.send(new PutCommand({ TableName, Item }));
    }
    return placed({ userId });
  }

  test('counts and sets the user’s flags', async () => {
    const order = await userWithOrder('counted-1');
    expect(await store.saveCounted(paid(order), 1, flags)).toBe(true);
    expect(await userOf('counted-1')).toMatchObject({ orderCount: 1, ...flags, version: 1 });
    expect(await store.find(order.orderId)).toMatchObject({ status: 'Paid', version: 2 });
  });

  test('leaves the last address alone when the order has none', async () => {
    const order = await userWithOrder('counted-2');
    await store.saveCounted(paid(order), 1, { preferredPaymentMethod: 'x', lastSelectedAddress: undefined });
    expect(await userOf('counted-2')).not.toHaveProperty('lastSelectedAddress');
  });

  test('counts once though it is asked twice, and ten times at once', async () => {
    const order = await userWithOrder('counted-3');
    expect(await store.saveCounted(paid(order), 1, flags)).toBe(true);
    expect(await store.saveCounted(paid(order), 1, flags)).toBe(false);
    const crowd = await userWithOrder('counted-4');
    const saves = await Promise.allSettled(
      Array.from({ length: 10 }, () => store.saveCounted(paid(crowd), 1, flags)),
    );
    expect(saves.filter((save) => save.status === 'fulfilled' && save.value)).toHaveLength(1);
    expect([(await userOf('counted-3'))?.orderCount, (await userOf('counted-4'))?.orderCount]).toEqual([
      1, 1,
    ]);
  });

  test('does neither when the order has changed meanwhile', async () => {
    const order = await userWithOrder('counted-5');
    await store.save(order);
    expect(await store.saveCounted(paid(order), 1, flags)).toBe(false);
    expect((await userOf('counted-5'))?.orderCount).toBe(0);
    expect((await store.find(order.orderId))?.status).toBe('Pending');
  });

  test('does neither when the account is gone', async () => {
    const order = await placed({ userId: 'counted-nobody' });
    const account = { TableName: dynamo.table('users'), Key: userKey('counted-nobody') };
    await dynamo.client.send(new DeleteCommand(account));
    await expect(store.saveCounted(paid(order), 1, flags)).rejects.toThrow('an account that is gone');
    expect((await store.find(order.orderId))?.status).toBe('Pending');
    expect(await userOf('counted-nobody')).toBeUndefined();
  });

  test('takes a paid order back though the account is gone since, and counts nothing', async () => {
    const order = await userWithOrder('counted-7');
    await store.saveCounted(paid(order), 1, flags);
    const account = { TableName: dynamo.table('users'), Key: userKey('counted-7') };
    await dynamo.client.send(new DeleteCommand(account));
    const again = await store.find(order.orderId);
    const cancelled = withStatus(again as Order, 'Cancelled', systemActor, new Date());
    expect(await store.saveCounted(cancelled, -1)).toBe(true);
    expect((await store.find(order.orderId))?.status).toBe('Cancelled');
    expect(await userOf('counted-7')).toBeUndefined();
  });

  test('sets the flags that there are', async () => {
    const order = await userWithOrder('counted-8');
    await store.saveCounted(paid(order), 1, { lastSelectedAddress: 'home' });
    expect(await userOf('counted-8')).toMatchObject({ orderCount: 1, lastSelectedAddress: 'home' });
    expect(await userOf('counted-8')).not.toHaveProperty('preferredPaymentMethod');
  });

  test('takes the count back and keeps the flags', async () => {
    const order = await userWithOrder('counted-6');
    await store.saveCounted(paid(order), 1, flags);
    const again = await store.find(order.orderId);
    const failed = withStatus(again as Order, 'Failed', systemActor, new Date());
    expect(await store.saveCounted(failed, -1)).toBe(true);
    expect(await userOf('counted-6')).toMatchObject({
      orderCount: 0,
      preferredPaymentMethod: 'pm_card_visa',
    });
  });
});

describe('an order with its payment', () => {
  test('is nothing, the order alone, or both', async () => {
    const order = await placed();
    expect(await store.findWithPayment('01UNKNOWN')).toBeUndefined();
    expect(await store.findWithPayment(order.orderId)).toEqual({ order, payment: undefined });
    const records = createPaymentRecords(dynamo.client, dynamo.table('orders'));
    const amount = { amount: 2000, currency: 'USD' };
    await records.beginAttempt(order.orderId, 'sandbox', amount);
    expect(await store.findWithPayment(order.orderId)).toEqual({
      order,
      payment: {
        orderId: order.orderId,
        provider: 'sandbox',
        amount,
        status: 'authorizing',
        attempts: 1,
      },
    });
  });
});

describe('what a person does to an order', () => {
  const cancelled = (order: Order): Order => {
    const [created] = order.auditLogs;
    if (!created) throw new Error('A new order has its first audit entry');
    const entry = { ...created, entryId: `${order.orderId}-wish`, action: 'order.cancel_requested' };
    return { ...order, auditLogs: [entry, created] };
  };
  const told = async ({ orderId }: Order) =>
    (await rows('audit')).filter(({ pk }) => pk === `ORDER#${orderId}`).map(({ action }) => action);

  test('is saved and told in one write', async () => {
    const order = await placed();
    expect(await store.saveTold(cancelled(order))).toBe(true);
    expect((await store.find(order.orderId))?.version).toBe(order.version + 1);
    expect((await told(order)).sort()).toEqual(['order.cancel_requested', 'order.created']);
  });

  test('is not told when another writer was first', async () => {
    const order = await placed();
    await store.save(order);
    expect(await store.saveTold(cancelled(order))).toBe(false);
    expect(await told(order)).toEqual(['order.created']);
  });
});

describe('the token of a checkout that waits', () => {
  const waiting = async () => (await rows('orders')).filter(({ pk }) => pk === 'WAITING#waiter');

  test('is kept beside those of other attempts, in whatever order they are written', async () => {
    await store.saveWaiting('latecomer', 'order-1', 'token-2');
    await store.saveWaiting('latecomer', 'order-1', 'token-1');
    await store.saveWaiting('latecomer', 'order-1', 'token-2');
    expect([...(await store.findWaiting('latecomer', 'order-1'))].sort()).toEqual(['token-1', 'token-2']);
    expect(await store.findWaiting('latecomer', 'order-2')).toEqual([]);
  });

  test('is kept until it is removed', async () => {
    await store.saveWaiting('waiter', 'order-1', 'token-1');
    await store.saveWaiting('waiter', 'order-2', 'token-3');
    expect((await waiting()).map(({ sk, taskTokens }) => [sk, taskTokens])).toEqual([
      ['order-1', new Set(['token-1'])],
      ['order-2', new Set(['token-3'])],
    ]);
    await store.removeWaiting('waiter', 'order-1');
    await store.removeWaiting('waiter', 'order-1');
    expect(await waiting()).toHaveLength(1);
  });
});

describe('the list', () => {
  const idsOf = (items: readonly Order[]) => items.map(({ orderId }) => orderId);
  /** All pages of the list, two orders each. */
  async function all(filter: OrderFilter, limit = 2): Promise<string[]> {
    const ids: string[] = [];
    let after: Readonly<Record<string, string>> | undefined;
    do {
      const page = await store.list(filter, { limit, ...(after ? { after } : {}) });
      expect(page.items.length).toBeLessThanOrEqual(limit);
      ids.push(...idsOf(page.items));
      after = page.next;
    } while (after);
    return ids;
  }

  let january: Order;
  let february: Order;
  let march: Order[];
  beforeAll(async () => {
    const userId = 'lister';
    january = await placed({ userId }, '2025-01-31T23:59:59.999Z');
    february = await placed({ userId, status: 'Failed' }, '2025-02-01T00:00:00.000Z');
    march = [];
    for (const day of ['05', '06', '07', '08', '09']) {
      march.push(await placed({ userId }, `2025-03-${day}T10:00:00.000Z`));
    }
    await placed({ userId: 'another' }, '2025-03-07T11:00:00.000Z');
  });
  const newestFirst = () => [...march].reverse().concat(february, january);
  const year = { from: new Date('2025-01-01T00:00:00Z'), to: new Date('2025-12-31T23:59:59.999Z') };

  test('of a user has all of theirs, newest first, over as many pages as it takes', async () => {
    expect(await all({ userId: 'lister' })).toEqual(idsOf(newestFirst()));
    expect(await all({ userId: 'lister' }, 7)).toEqual(idsOf(newestFirst()));
    expect(await all({ userId: 'lister' }, 100)).toEqual(idsOf(newestFirst()));
  });

  test('of nobody is empty', async () => {
    expect(await store.list({ userId: 'nobody' }, { limit: 20 })).toEqual({ items: [] });
  });

  test('has no next page when the last one is full', async () => {
    const page = await store.list({ userId: 'lister' }, { limit: 7 });
    expect(page.items).toHaveLength(7);
    expect(page.next).toBeUndefined();
  });

  test('of a user and a status passes over what has another', async () => {
    expect(await all({ userId: 'lister', status: 'Failed' }, 1)).toEqual([february.orderId]);
    expect(await all({ userId: 'lister', status: 'Pending' })).toEqual(
      idsOf([...march].reverse().concat(january)),
    );
  });

  test('of a status has everybody’s', async () => {
    expect(await all({ status: 'Failed', ...year })).toEqual([february.orderId]);
    expect(await all({ status: 'Pending', ...year })).toHaveLength(7);
  });

  describe('over a long history', () => {
    const userId = 'regular';
    const length = 6_500;
    let oldest: Order;
    beforeAll(async () => {
      oldest = orderAt('2024-02-01T10:00:00.000Z', { userId, status: 'Failed' });
      const history = [
        oldest,
        ...Array.from({ length }, (_, index) =>
          orderAt(new Date(Date.UTC(2024, 2, 1) + index * 60_000).toISOString(), { userId }),
        ),
      ];
      const requests = history.map((order) => ({ PutRequest: { Item: orderToItem(order) } }));
      for (let start = 0; start < requests.length; start += 25) {
        const RequestItems = { [dynamo.table('orders')]: requests.slice(start, start + 25) };
        await dynamo.client.send(new BatchWriteCommand({ RequestItems }));
      }
    });
    afterAll(() => vi.restoreAllMocks());

    test('of a user and a status reads no more than its budget and goes on from there', async () => {
      const send = vi.spyOn(dynamo.client, 'send');
      const first = await store.list({ userId, status: 'Failed' }, { limit: 20 });
      const queries = send.mock.calls.filter(([command]) => command instanceof QueryCommand);
      send.mockRestore();
      expect(first.items).toEqual([]);
      expect(first.next).toBeDefined();
      expect(queries.length).toBeLessThanOrEqual(5);
      expect(await all({ userId, status: 'Failed' }, 20)).toEqual([oldest.orderId]);
    });
  });

  test('of all looks through a limited number of months, and goes on from there', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: new Date('2031-06-15T00:00:00Z') });
    try {
      const first = await store.list({}, { limit: 5 });
      expect(first.items).toEqual([]);
      expect(first.next).toBeDefined();
      expect(await all({}, 100)).toEqual(expect.arrayContaining([february.orderId, january.orderId]));
    } finally {
      vi.useRealTimers();
    }
  });

  test('of a status leaves out what the index shows under its former one', async () => {
    const paid = await placed({ userId: 'late', status: 'Paid' }, '2024-01-10T00:00:00.000Z');
    const moved = await placed({ userId: 'late', status: 'Paid' }, '2024-01-11T00:00:00.000Z');
    const send = dynamo.client.send.bind(dynamo.client);
    // An index that has not seen the last change yet.
    const lagging = vi.spyOn(dynamo.client, 'send').mockImplementation((async (command: never) => {
      const answer = (await send(command)) as { Responses?: Record<string, { orderId: string }[]> };
      const loaded = answer.Responses?.[dynamo.table('orders')] ?? [];
      for (const item of loaded)
        if (item.orderId === moved.orderId) Object.assign(item, { status: 'Shipped' });
      return answer;
    }) as never);
    const then = { from: new Date('2024-01-10T00:00:00Z'), to: new Date('2024-01-12T00:00:00Z') };
    for (const filter of [then, { userId: 'late' }]) {
      expect(await all({ ...filter, status: 'Paid' })).toEqual([paid.orderId]);
    }
    lagging.mockRestore();
  });

  test('of all goes back over the months', async () => {
    const ids = await all(year);
    expect(ids).toHaveLength(8);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(ids).toEqual(expect.arrayContaining(idsOf(newestFirst())));
  });

  test('counts both bounds in, to the millisecond', async () => {
    const at = (time: string) => new Date(time);
    const userId = 'lister';
    expect(
      await all({ userId, from: at('2025-02-01T00:00:00.000Z'), to: at('2025-02-28T00:00:00Z') }),
    ).toEqual([february.orderId]);
    expect(await all({ userId, to: at('2025-01-31T23:59:59.999Z') })).toEqual([january.orderId]);
    expect(await all({ userId, to: at('2025-01-31T23:59:59.998Z') })).toEqual([]);
    expect(await all({ from: at('2025-01-31T23:59:59.999Z'), to: at('2025-02-01T00:00:00.000Z') })).toEqual(
      idsOf([february, january]),
    );
  });

  test('whose bounds are crossed is empty', async () => {
    const crossed = { from: year.to, to: year.from };
    for (const filter of [{ userId: 'lister' }, { status: 'Pending' as const }, {}]) {
      expect(await all({ ...filter, ...crossed })).toEqual([]);
    }
  });

  test('takes bounds far before and far after all orders', async () => {
    const wide = { from: new Date('0001-01-01T00:00:00Z'), to: new Date('9999-12-31T23:59:59.999Z') };
    const ids = await all({ ...wide }, 50);
    expect(ids).toEqual(expect.arrayContaining(idsOf(newestFirst())));
    expect(await all({ userId: 'lister', ...wide })).toHaveLength(7);
    expect(await all({ userId: 'lister', to: new Date('1960-01-01T00:00:00Z') })).toEqual([]);
    expect(await all({ to: new Date('1960-01-01T00:00:00Z') })).toEqual([]);
  });

  test('whose cursor lies before the lower bound is at its end', async () => {
    const page = { limit: 5, after: { orderId: january.orderId } };
    expect(await store.list({ userId: 'lister', from: new Date('2025-03-01T00:00:00Z') }, page)).toEqual({
      items: [],
    });
    expect(await store.list({ from: new Date('2025-03-01T00:00:00Z') }, page)).toEqual({ items: [] });
  });

  test.each<Record<string, string>>([
    {},
    { orderId: '' },
    { orderId: 'x' },
    { orderId: '../../etc' },
    { orderId: '01KJMH4G00RDERAAAAAAAAAAAA', pk: 'USER#somebody' },
    { sk: 'ORDER' },
    { orderId: 'Z'.repeat(26) },
  ])('refuses the forged cursor %j', async (after) => {
    for (const filter of [{ userId: 'lister' }, {}]) {
      await expect(store.list(filter, { limit: 5, after })).rejects.toMatchObject({
        code: 'validation_failed',
        options: { errors: [{ path: '/query/cursor' }] },
      });
    }
  });

  test('shows nobody else’s orders, whatever the cursor says', async () => {
    const theirs = await store.list({ userId: 'another' }, { limit: 1 });
    const after = { orderId: idsOf(theirs.items)[0] ?? '' };
    const page = await store.list({ userId: 'lister' }, { limit: 100, after });
    expect(page.items.every(({ userId }) => userId === 'lister')).toBe(true);
    expect(idsOf(page.items)).toEqual(idsOf(newestFirst()).slice(2));
  });
});
