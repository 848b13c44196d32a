import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteCommand, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuditTrail } from '../../../shared/adapters/dynamodb/audit-trail.ts';
import { createInventoryStore } from '../../../shared/adapters/dynamodb/inventory-store.ts';
import { createOrderStore } from '../../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentRecords } from '../../../shared/adapters/dynamodb/payment-records.ts';
import { createProductStore } from '../../../shared/adapters/dynamodb/product-store.ts';
import { createStockWatch } from '../../../shared/adapters/dynamodb/stock-watch.ts';
import { createUserDirectory, userKey } from '../../../shared/adapters/dynamodb/user-directory.ts';
import { userItems } from '../../../shared/adapters/dynamodb/user-store.ts';
import { createValidationReader } from '../../../shared/adapters/dynamodb/velocity-counters.ts';
import type { Product } from '../../../shared/catalogue/product.ts';
import { TransientError } from '../../../shared/errors.ts';
import type { User } from '../../../shared/identity/user.ts';
import { holdForReview } from '../../../shared/orders/checkout/hold-for-review.ts';
import { markForRepair } from '../../../shared/orders/checkout/mark-for-repair.ts';
import { endOrder, markPaid } from '../../../shared/orders/checkout/settle-order.ts';
import { validateOrder } from '../../../shared/orders/checkout/validate-order.ts';
import {
  UserMissingError,
  validateProfile,
  waitForProfile,
} from '../../../shared/orders/checkout/validate-profile.ts';
import { type Order, reviewTokensOf } from '../../../shared/orders/order.ts';
import { OrderStateError } from '../../../shared/orders/order-changes.ts';
import { OrderMissingError } from '../../../shared/orders/order-store.ts';
import { fraudRules } from '../../support/builders/fraud.ts';
import { anItem, anOrder } from '../../support/builders/order.ts';
import { anInitialStock, aProduct, aProductAuditEntry } from '../../support/builders/product.ts';
import { anAddress, aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryCheckouts } from '../../support/memory-orders.ts';
import { openAccount } from '../../support/open-account.ts';

type Shop = ReturnType<typeof openShop>;
type Products = Shop['ports']['products'];

/** A step that sees the catalogue as a test has it seen. */
const seenBy = (products: Pick<Products, 'findMany'>) => ({
  validation: {
    read: async (ids: readonly string[]) => ({ products: await products.findMany(ids), counters: new Map() }),
  },
});
let dynamo: TestDynamo;
let shop: Shop;
let made = 0;

beforeAll(async () => {
  dynamo = await startDynamo(
    'orders',
    'users',
    'audit',
    'idempotency',
    'products',
    'listings',
    'inventory',
    'promotions',
  );
});
afterAll(() => dynamo?.stop());
beforeEach(() => {
  shop = openShop();
});

/** The workflow's ports over a real engine, with what leaves the process kept in memory. */
function openShop() {
  const { client, table } = dynamo;
  const retry = { random: Math.random, sleep: (milliseconds: number) => sleep(milliseconds) };
  const tables = {
    orders: table('orders'),
    users: table('users'),
    audit: table('audit'),
    idempotency: table('idempotency'),
    products: table('products'),
    inventory: table('inventory'),
    listings: table('listings'),
    promotions: table('promotions'),
  };
  const effects = testEffects();
  const checkouts = memoryCheckouts();
  const catalogue = createProductStore(client, tables, retry);
  const orders = createOrderStore(client, tables, retry);
  const ports = {
    orders,
    users: createUserDirectory(client, tables.users),
    products: catalogue,
    inventory: createInventoryStore(client, tables, retry),
    checkouts: checkouts.runs,
    stock: createStockWatch(client, tables.products, retry),
    audit: createAuditTrail(client, tables.audit),
    validation: createValidationReader(client, tables, retry),
    fraudRules: fraudRules(),
    effects,
  };
  return {
    ports,
    effects,
    resumed: checkouts.resumed,
    payments: createPaymentRecords(client, tables.orders),
    async product(over: Partial<Product> = {}) {
      made += 1;
      const product = aProduct({ productId: `p-${made}`, category: `c-${made}`, ...over });
      const audit = aProductAuditEntry({ entity: { type: 'product', id: product.productId } });
      await catalogue.create(product, anInitialStock(product), audit);
      return product;
    },
    async user(over: Partial<User> = {}) {
      made += 1;
      const user = aUser({ userId: `user-${made}`, ...over });
      await shop.putUser(user);
      return user;
    },
    async removeUser(userId: string) {
      await client.send(new DeleteCommand({ TableName: tables.users, Key: userKey(userId) }));
    },
    async putUser(user: User) {
      for (const Item of userItems(user))
        await client.send(new PutCommand({ TableName: tables.users, Item }));
    },
    async order(over: Partial<Order> = {}) {
      made += 1;
      const order = anOrder({ orderId: `order-${made}`, ...over });
      const request = { requestHash: '', orderId: order.orderId, response: '' };
      const [audit] = order.auditLogs;
      if (!audit) throw new Error('A new order has its first audit entry');
      await openAccount(dynamo, order.userId);
      await orders.place(order, { userId: order.userId, key: order.orderId }, request, audit);
      return order;
    },
    async orderOf(lines: [Product, number][], over: Partial<Order> = {}) {
      const items = lines.map(([{ productId, category }, quantity]) =>
        anItem({ productId, category, quantity }),
      );
      return shop.order({ items, ...over });
    },
    read: async (orderId: string) => (await orders.find(orderId)) as Order,
    async marked({ productId }: Product) {
      const command = new GetCommand({
        TableName: tables.products,
        Key: { productId },
        ConsistentRead: true,
      });
      return (await client.send(command)).Item?.lowStockSince;
    },
    async mark({ productId }: Product, since: string) {
      await client.send(
        new UpdateCommand({
          TableName: tables.products,
          Key: { productId },
          UpdateExpression: 'SET lowStockSince = :since',
          ExpressionAttributeValues: { ':since': since },
        }),
      );
    },
    async available({ productId }: Product) {
      return (await catalogue.find(productId))?.availableCount;
    },
    linesOf: (order: Order) =>
      ports.inventory.linesOf(
        order.orderId,
        order.items.map((item) => item.productId),
      ),
    tokensOf: async (order: Order) => [...(await orders.findWaiting(order.userId, order.orderId))].sort(),
  };
}

const home = { ...anAddress({ isDefault: true }), isDefault: true };
const complete = { addresses: [home], preferences: { paymentMethod: 'card' } };
const saved = (order: Order) => shop.read(order.orderId);

describe('ValidateProfile', () => {
  const check = (order: Order, fillFromProfile: boolean) =>
    validateProfile({ orderId: order.orderId, userId: order.userId, fillFromProfile }, shop.ports);

  test('says that a complete profile is complete, and touches no order that has its address', async () => {
    const user = await shop.user(complete);
    const order = await shop.order({ userId: user.userId });
    expect(await check(order, false)).toEqual({ isProfileComplete: true, cancelled: false });
    expect(await saved(order)).toEqual(order);
  });

  test.each([
    ['an address', { preferences: { paymentMethod: 'card' } }],
    ['a payment preference', { addresses: [home] }],
    ['anything', {}],
  ])('says that a profile without %s is not', async (_what, over) => {
    const user = await shop.user(over);
    const order = await shop.order({ userId: user.userId });
    expect(await check(order, true)).toEqual({ isProfileComplete: false, cancelled: false });
    expect(await saved(order)).toEqual(order);
  });

  test('gives an order without an address the profile’s, by its default', async () => {
    const work = { ...anAddress({ label: 'work' }), isDefault: false };
    const user = await shop.user({ ...complete, addresses: [work, home] });
    const order = await shop.order({ userId: user.userId, address: undefined });
    await check(order, true);
    expect(await saved(order)).toMatchObject({ status: 'Pending', address: { label: 'home' }, version: 2 });
    await check(order, true);
    expect((await saved(order)).version).toBe(2);
  });

  test('brings an order that has waited back to Pending, keeps its own address and forgets the token', async () => {
    const user = await shop.user({ ...complete, addresses: [home] });
    const address = anAddress({ label: 'chosen' });
    const order = await shop.order({ userId: user.userId, status: 'AwaitingProfile', address });
    await shop.ports.orders.saveWaiting(user.userId, order.orderId, 'token');
    expect(await check(order, true)).toEqual({ isProfileComplete: true, cancelled: false });
    expect(await saved(order)).toMatchObject({ status: 'Pending', address: { label: 'chosen' } });
    expect((await saved(order)).timeline.map(({ status, by }) => [status, by]).at(-1)).toEqual([
      'Pending',
      'system',
    ]);
    expect(await shop.tokensOf(order)).toEqual([]);
  });

  test('fails for good when the account is gone', async () => {
    const order = await shop.order({ userId: 'nobody' });
    await shop.removeUser('nobody');
    await expect(check(order, true)).rejects.toThrow(UserMissingError);
  });
});

describe('WaitForProfile', () => {
  const wait = (order: Order, taskToken = 'token-1') =>
    waitForProfile({ orderId: order.orderId, userId: order.userId, taskToken }, shop.ports);

  test('marks the order, keeps the token and lets the checkout wait', async () => {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId, address: undefined });
    await wait(order);
    expect(await saved(order)).toMatchObject({ status: 'AwaitingProfile' });
    expect(await shop.tokensOf(order)).toEqual(['token-1']);
    expect(shop.resumed).toEqual([]);
  });

  test('run again keeps the other token too and writes no second step', async () => {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId });
    await wait(order, 'token-1');
    await wait(order, 'token-2');
    expect(await shop.tokensOf(order)).toEqual(['token-1', 'token-2']);
    expect((await saved(order)).timeline.map(({ status }) => status)).toEqual(['Pending', 'AwaitingProfile']);
  });

  test('goes on by itself when the profile was completed between the check and the wait', async () => {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId, address: undefined });
    const first = { orderId: order.orderId, userId: user.userId, fillFromProfile: true };
    expect(await validateProfile(first, shop.ports)).toEqual({ isProfileComplete: false, cancelled: false });
    await shop.putUser({ ...user, ...complete });
    await wait(order);
    expect(shop.resumed).toEqual([{ token: 'token-1', result: {} }]);
    expect(await validateProfile(first, shop.ports)).toEqual({ isProfileComplete: true, cancelled: false });
    expect(await saved(order)).toMatchObject({ status: 'Pending', address: { label: 'home' } });
  });

  test('has the token written before it looks at the profile, so that no completion is missed', async () => {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId });
    const seen: unknown[] = [];
    const users = {
      find: async (userId: string) => {
        seen.push(...(await shop.tokensOf(order)));
        return shop.ports.users.find(userId);
      },
    };
    const input = { orderId: order.orderId, userId: user.userId, taskToken: 'token-1' };
    await waitForProfile(input, { ...shop.ports, users });
    expect(seen).toEqual(['token-1']);
  });

  test('leaves an order alone whose wait is over, when an attempt comes late', async () => {
    const user = await shop.user({ ...complete, addresses: [home] });
    const order = await shop.order({ userId: user.userId });
    await wait(order, 'token-1');
    await validateProfile({ orderId: order.orderId, userId: user.userId, fillFromProfile: true }, shop.ports);
    await wait(order, 'token-2');
    expect((await saved(order)).timeline.map(({ status }) => status)).toEqual([
      'Pending',
      'AwaitingProfile',
      'Pending',
    ]);
    expect(await shop.tokensOf(order)).toEqual([]);
  });

  test('leaves an order alone that has been given up', async () => {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId, status: 'Cancelled' });
    await expect(wait(order)).rejects.toThrow(OrderStateError);
    expect(await shop.tokensOf(order)).toEqual([]);
  });
});

describe('ValidateOrder', () => {
  const validate = (order: Order, ports: Partial<Shop['ports']> = {}) =>
    validateOrder(order.orderId, {
      ...shop.ports,
      ...ports,
      ...(ports.products ? seenBy(ports.products) : {}),
    });

  test('holds everything and answers what the next steps need', async () => {
    const mug = await shop.product({ stockCount: 10 });
    const pan = await shop.product({ stockCount: 20 });
    const order = await shop.orderOf([
      [mug, 4],
      [pan, 1],
    ]);
    expect(await validate(order)).toEqual({
      outcome: 'allocated',
      lines: [
        { productId: mug.productId, quantity: 4 },
        { productId: pan.productId, quantity: 1 },
      ],
      totalAmount: { amount: 5000, currency: 'USD' },
      // A reference only: what the state machine keeps cannot be erased.
      paymentMethod: 'one-off',
    });
    expect(await saved(order)).toMatchObject({ allocation: 'allocated', flags: { lowStock: [] } });
    expect(await shop.available(mug)).toBe(6);
  });

  test('run again answers the same and holds no more', async () => {
    const mug = await shop.product({ stockCount: 3 });
    const order = await shop.orderOf([[mug, 5]], { allowPartial: true });
    const first = await validate(order);
    expect(await validate(order)).toEqual(first);
    expect(first).toMatchObject({ outcome: 'partial', totalAmount: { amount: 3000 } });
    expect([await shop.available(mug), (await saved(order)).version]).toEqual([0, 2]);
  });

  test('keeps how many orders came with this one, as it was at the first run', async () => {
    const mug = await shop.product({ stockCount: 3 });
    const order = await shop.orderOf([[mug, 1]], { fraudFacts: { paidOrders: 0 } });
    const counting = (orders: number) => ({
      fraudRules: fraudRules({ userVelocity: {} }),
      validation: {
        read: async (ids: readonly string[], keys: readonly string[]) => ({
          products: await shop.ports.products.findMany(ids),
          counters: new Map(keys.map((key) => [key, { s0: orders, s1: orders }])),
        }),
      },
    });
    const facts = async () => (await saved(order)).fraudFacts;
    // The order's window of thirteen slots has both of these slots or neither.
    await validate(order, counting(2));
    const first = await facts();
    expect(first).toMatchObject({ paidOrders: 0, recentOrders: { userVelocity: expect.any(Number) } });
    await validate(order, counting(50));
    expect(await facts()).toEqual(first);
  });

  test('gives no facts to an order whose customer was erased meanwhile', async () => {
    const mug = await shop.product({ stockCount: 3 });
    const order = await shop.orderOf([[mug, 1]]);
    await validate(order);
    expect(await saved(order)).not.toHaveProperty('fraudFacts');
  });

  test('run twice at once decides once', async () => {
    const mug = await shop.product({ stockCount: 10 });
    const order = await shop.orderOf([[mug, 4]]);
    const [first, second] = await Promise.all([validate(order), validate(order)]);
    expect(second).toEqual(first);
    expect(await shop.available(mug)).toBe(6);
  });

  /** An inventory whose first hold is made, and its answer lost. */
  const losing = (afterwards: () => Promise<unknown> = async () => undefined) => ({
    ...shop.ports.inventory,
    hold: async (...args: Parameters<Shop['ports']['inventory']['hold']>) => {
      await shop.ports.inventory.hold(...args);
      await afterwards();
      throw new TransientError('the answer was lost');
    },
  });

  test.each([
    [10, 4],
    [4, 4],
  ])('of %i pieces knows the %i that its lost first hold has taken', async (stockCount, quantity) => {
    const mug = await shop.product({ stockCount, lowStockThreshold: 3 });
    const order = await shop.orderOf([[mug, quantity]]);
    await expect(validate(order, { inventory: losing() })).rejects.toThrow(TransientError);
    expect(await validate(order)).toMatchObject({ outcome: 'allocated', lines: [{ quantity }] });
    expect(await shop.available(mug)).toBe(stockCount - quantity);
    const isLow = stockCount - quantity <= 3;
    expect((await saved(order)).flags.lowStock).toEqual(isLow ? [mug.productId] : []);
  });

  test('counts its own lost hold once when it tells what runs low', async () => {
    const mug = await shop.product({ stockCount: 10, lowStockThreshold: 5 });
    const order = await shop.orderOf([[mug, 4]]);
    await expect(validate(order, { inventory: losing() })).rejects.toThrow(TransientError);
    await validate(order);
    expect((await saved(order)).flags.lowStock).toEqual([]);
  });

  test('marks what runs low, of a product that nothing was left of too, and takes the mark off what does not', async () => {
    const mug = await shop.product({ stockCount: 7, lowStockThreshold: 5 });
    const none = await shop.product({ stockCount: 0 });
    const pan = await shop.product({ stockCount: 20 });
    const all: [Product, number][] = [
      [mug, 2],
      [none, 1],
      [pan, 1],
    ];
    await shop.mark(pan, 'an earlier crossing');
    await validate(await shop.orderOf(all, { allowPartial: true }));
    const now = shop.effects.clock.now().toISOString();
    expect(await Promise.all([mug, none, pan].map(shop.marked))).toEqual([now, now, undefined]);
    shop.effects.advance(1000);
    await validate(await shop.orderOf(all.slice(0, 1)));
    expect(await shop.marked(mug)).toBe(now);
  });

  test('marks no archived product, of which nobody need order more', async () => {
    const mug = await shop.product({ stockCount: 0, archived: true });
    await validate(await shop.orderOf([[mug, 1]]));
    expect(await shop.marked(mug)).toBeUndefined();
  });

  test('decides nothing before it has marked what runs low: the attempt after one that failed there does', async () => {
    const mug = await shop.product({ stockCount: 3 });
    const order = await shop.orderOf([[mug, 3]]);
    const stock = {
      look: async () => {
        throw new TransientError('DynamoDB is busy');
      },
    };
    await expect(validate(order, { stock })).rejects.toThrow(TransientError);
    expect((await saved(order)).allocation).toBeUndefined();
    expect(await validate(order)).toMatchObject({ outcome: 'allocated' });
    expect(await shop.marked(mug)).toBeDefined();
  });

  test('keeps to a partial hold whose answer was lost, though all could be had by now', async () => {
    const mug = await shop.product({ stockCount: 2 });
    const none = await shop.product({ stockCount: 0 });
    const order = await shop.orderOf(
      [
        [mug, 5],
        [none, 1],
      ],
      { allowPartial: true },
    );
    const restocked = await Promise.all([
      shop.product({ stockCount: 100 }),
      shop.product({ stockCount: 100 }),
    ]);
    await expect(validate(order, { inventory: losing() })).rejects.toThrow(TransientError);
    const products = {
      ...shop.ports.products,
      findMany: async () =>
        new Map(
          [mug, none].map(({ productId }, index) => [
            productId,
            { ...(restocked[index] as Product), productId },
          ]),
        ),
    };
    const answer = await validate(order, { products });
    expect(answer).toMatchObject({
      outcome: 'partial',
      lines: [{ productId: mug.productId, quantity: 2 }],
      totalAmount: { amount: 2000 },
    });
    expect((await saved(order)).items.map(({ status, allocated }) => [status, allocated])).toEqual([
      ['partial', 2],
      ['unfulfilled', 0],
    ]);
  });

  test('plans again by what is left when others were first', async () => {
    const mug = await shop.product({ stockCount: 5 });
    const other = await shop.orderOf([[mug, 3]]);
    const order = await shop.orderOf([[mug, 5]], { allowPartial: true });
    const hold: Shop['ports']['inventory']['hold'] = async (orderId, lines, at) => {
      await shop.ports.inventory.hold(other.orderId, [{ productId: mug.productId, quantity: 3 }], at);
      return shop.ports.inventory.hold(orderId, lines, at);
    };
    const answer = await validate(order, { inventory: { ...shop.ports.inventory, hold } });
    expect(answer).toMatchObject({ outcome: 'partial', lines: [{ quantity: 2 }] });
    expect(await shop.available(mug)).toBe(0);
  });

  test('is out of stock when others were first with an order of all or nothing', async () => {
    const mug = await shop.product({ stockCount: 5 });
    const order = await shop.orderOf([[mug, 5]]);
    const hold: Shop['ports']['inventory']['hold'] = async (orderId, lines, at) => {
      await shop.ports.inventory.hold('another-order', [{ productId: mug.productId, quantity: 1 }], at);
      return shop.ports.inventory.hold(orderId, lines, at);
    };
    const answer = await validate(order, { inventory: { ...shop.ports.inventory, hold } });
    expect(answer).toMatchObject({ outcome: 'out_of_stock', lines: [], totalAmount: { amount: 5000 } });
    expect((await saved(order)).items).toMatchObject([{ status: 'unfulfilled', allocated: 0 }]);
    expect(await shop.linesOf(order)).toEqual([]);
  });

  test('gives up for a while when the stock keeps changing', async () => {
    const mug = await shop.product({ stockCount: 5 });
    const order = await shop.orderOf([[mug, 5]]);
    const shortages = new Map([[mug.productId, 5]]);
    const inventory = { ...shop.ports.inventory, hold: async () => ({ held: false as const, shortages }) };
    await expect(validate(order, { inventory })).rejects.toThrow(TransientError);
    expect(await saved(order)).toEqual(order);
  });

  test('treats an archived product as out of stock, and an unknown one too', async () => {
    const gone = await shop.product({ stockCount: 5, archived: true });
    const mug = await shop.product({ stockCount: 5 });
    const unknown = aProduct({ productId: 'never-made' });
    const order = await shop.orderOf(
      [
        [gone, 1],
        [mug, 1],
        [unknown, 1],
      ],
      { allowPartial: true },
    );
    expect(await validate(order)).toMatchObject({
      outcome: 'partial',
      lines: [{ productId: mug.productId }],
    });
    const alone = await shop.orderOf([[gone, 1]]);
    expect(await validate(alone)).toMatchObject({ outcome: 'out_of_stock' });
  });

  test('archived since it was read, it is left out too', async () => {
    const gone = await shop.product({ stockCount: 5, archived: true });
    const order = await shop.orderOf([[gone, 1]]);
    const products = {
      ...shop.ports.products,
      findMany: async () => new Map([[gone.productId, { ...gone, archived: false }]]),
    };
    expect(await validate(order, { products })).toMatchObject({ outcome: 'out_of_stock' });
  });

  test('never holds by two plans, though an attempt that was given up comes late with another one', async () => {
    const mug = await shop.product({ stockCount: 5 });
    const pan = await shop.product({ stockCount: 5 });
    const order = await shop.orderOf(
      [
        [mug, 1],
        [pan, 1],
      ],
      { allowPartial: true },
    );
    const seeing = (mugs: number, pans: number) => ({
      ...shop.ports.products,
      findMany: async () =>
        new Map([
          [mug.productId, { ...mug, availableCount: mugs }],
          [pan.productId, { ...pan, availableCount: pans }],
        ]),
    });
    const hold: Shop['ports']['inventory']['hold'] = async (...args) => {
      await validate(order, { products: seeing(0, 5) });
      return shop.ports.inventory.hold(...args);
    };
    const late = await validate(order, {
      products: seeing(5, 0),
      inventory: { ...shop.ports.inventory, hold },
    });
    expect(late.lines).toEqual([{ productId: pan.productId, quantity: 1 }]);
    expect(await shop.linesOf(order)).toEqual(late.lines);
    expect([await shop.available(mug), await shop.available(pan)]).toEqual([5, 4]);
  });

  test('keeps what others write on the order meanwhile', async () => {
    const mug = await shop.product({ stockCount: 5 });
    const order = await shop.orderOf([[mug, 1]]);
    const hold: Shop['ports']['inventory']['hold'] = async (...args) => {
      await shop.ports.orders.save({ ...order, reviewToken: 'written meanwhile' });
      return shop.ports.inventory.hold(...args);
    };
    await validate(order, { inventory: { ...shop.ports.inventory, hold } });
    expect(await saved(order)).toMatchObject({ reviewToken: 'written meanwhile', allocation: 'allocated' });
  });

  test('fails for good when there is no such order', async () => {
    await expect(validateOrder('nothing', shop.ports)).rejects.toThrow(OrderMissingError);
  });
});

describe('HoldForReview', () => {
  const hold = (order: Order, taskToken: string, ports: Partial<Shop['ports']> = {}) =>
    holdForReview({ orderId: order.orderId, taskToken }, { ...shop.ports, ...ports });
  const review = {
    decision: 'approved' as const,
    reason: 'fine',
    by: 'manager',
    at: '2026-03-01T12:00:00.000Z',
  };

  test('puts the order on hold, with the token that a decision answers', async () => {
    const order = await shop.order();
    await hold(order, 'token-1');
    expect(await saved(order)).toMatchObject({
      status: 'OnHold',
      reviewToken: 'token-1',
      flags: { fraudFlag: true },
    });
  });

  test('keeps the verdict of the payment on the order, by which the staff are told, and its trail', async () => {
    const order = await shop.order();
    const { orderId } = order;
    const facts = { delivery: 'US', payment: 'GB' };
    const fraudReasons = [{ code: 'country_mismatch' as const, facts }];
    await shop.payments.beginAttempt(orderId, 'sandbox', order.pricing.total);
    await shop.payments.settle(orderId, {
      status: 'authorized',
      paymentId: 'pay-1',
      fraudFlag: true,
      fraudReasons,
    });
    await hold(order, 'token-1');
    await hold(order, 'token-2');
    const held = await saved(order);
    expect(held.fraudReasons).toEqual(fraudReasons);
    expect(held.auditLogs[0]).toMatchObject({ action: 'order.on_hold', after: { fraudReasons } });
    expect(held.auditLogs.filter(({ action }) => action === 'order.on_hold')).toHaveLength(1);
  });

  test('run again keeps both tokens, whichever attempt is the late one, and takes no second step', async () => {
    const order = await shop.order();
    await hold(order, 'token-1');
    await hold(order, 'token-2');
    await hold(order, 'token-1');
    expect(reviewTokensOf(await saved(order))).toEqual(['token-1', 'token-2']);
    expect((await saved(order)).timeline).toHaveLength(2);
    expect(shop.resumed).toEqual([]);
  });

  test('run again after the decision hands it to the newer token', async () => {
    const order = await shop.order();
    await hold(order, 'token-1');
    await shop.ports.orders.save({ ...(await saved(order)), review });
    await hold(order, 'token-2');
    expect(shop.resumed).toEqual([{ token: 'token-2', result: { decision: 'approved' } }]);
  });

  test.each(['Paid', 'Failed', 'Cancelled'] as const)('leaves an order alone that is %s', async (status) => {
    const order = await shop.order({ status });
    await expect(hold(order, 'token-1')).rejects.toThrow(OrderStateError);
  });
});

describe('the end of an order', () => {
  const amount = { amount: 2000, currency: 'USD' };
  const authorized = { status: 'authorized', paymentId: 'pay-1', fraudFlag: true } as const;
  const countOf = async ({ userId }: Order) => (await shop.ports.users.find(userId))?.orderCount;

  async function payable(over: Partial<Order> = {}) {
    const user = await shop.user();
    const order = await shop.order({ userId: user.userId, ...over });
    await shop.payments.beginAttempt(order.orderId, 'sandbox', amount);
    await shop.payments.settle(order.orderId, authorized);
    return order;
  }

  test('Paid carries the payment, an audit entry and the user’s count', async () => {
    const paymentMethod = { id: 'saved-1', token: 'pm_card_visa', brand: 'visa', last4: '4242' };
    const order = await payable({ paymentMethod });
    await markPaid(order.orderId, shop.ports);
    const paid = await saved(order);
    expect(paid).toMatchObject({
      status: 'Paid',
      paymentInfo: { paymentId: 'pay-1', attempts: 1, brand: 'visa' },
      flags: { fraudFlag: true },
    });
    expect(paid.auditLogs[0]).toMatchObject({
      entryId: `${order.orderId}-order.paid`,
      action: 'order.paid',
      actor: { id: 'system', role: 'System' },
      where: order.placedFrom,
      before: { status: 'Pending' },
      after: { status: 'Paid', total: amount },
    });
    expect(await shop.ports.users.find(order.userId)).toMatchObject({
      orderCount: 1,
      preferredPaymentMethod: 'saved-1',
      lastSelectedAddress: 'home',
    });
  });

  test('Paid does not make the token of a method that was used once the preferred one', async () => {
    const order = await payable();
    await markPaid(order.orderId, shop.ports);
    const user = await shop.ports.users.find(order.userId);
    expect(user).toMatchObject({ orderCount: 1, lastSelectedAddress: 'home' });
    expect(user).not.toHaveProperty('preferredPaymentMethod');
  });

  test('Paid a second time, and five times at once, changes nothing', async () => {
    const order = await payable();
    await markPaid(order.orderId, shop.ports);
    const first = await saved(order);
    await markPaid(order.orderId, shop.ports);
    expect(await saved(order)).toEqual(first);
    const crowd = await payable();
    await Promise.all(Array.from({ length: 5 }, () => markPaid(crowd.orderId, shop.ports)));
    expect([await countOf(order), await countOf(crowd)]).toEqual([1, 1]);
    expect((await saved(crowd)).auditLogs).toHaveLength(2);
  });

  test('is reached over another’s change of the order', async () => {
    const order = await payable();
    let crossed = false;
    const saveCounted: Shop['ports']['orders']['saveCounted'] = async (...args) => {
      if (!crossed) {
        crossed = true;
        await shop.ports.orders.save({ ...order, reviewToken: 'meanwhile' });
      }
      return shop.ports.orders.saveCounted(...args);
    };
    await markPaid(order.orderId, { ...shop.ports, orders: { ...shop.ports.orders, saveCounted } });
    expect(await saved(order)).toMatchObject({ status: 'Paid', reviewToken: 'meanwhile' });
    expect(await countOf(order)).toBe(1);
  });

  test('Paid is not for one that has been cancelled, which is said', async () => {
    const order = await payable({ status: 'Cancelled' });
    expect(await markPaid(order.orderId, shop.ports)).toBe('cancelled');
    expect(await countOf(order)).toBe(0);
  });

  test('Paid is not for one that has Failed', async () => {
    const order = await payable({ status: 'Failed' });
    await expect(markPaid(order.orderId, shop.ports)).rejects.toThrow(OrderStateError);
    expect(await countOf(order)).toBe(0);
  });

  test.each(['Shipped', 'Delivered', 'Refunded'] as const)(
    'Paid is answered again for one that is %s by now, its first answer lost',
    async (status) => {
      const order = await payable({ status });
      expect(await markPaid(order.orderId, shop.ports)).toBe('paid');
      expect(await saved(order)).toMatchObject({ status, version: 1 });
      expect(await countOf(order)).toBe(0);
    },
  );

  test('Failed tells why, without a count', async () => {
    const order = await payable();
    await endOrder(order.orderId, { code: 'payment_declined', system: false }, shop.ports);
    expect(await saved(order)).toMatchObject({
      status: 'Failed',
      failure: { code: 'payment_declined', message: expect.stringContaining('declined') },
      auditLogs: [{ action: 'order.failed', reason: 'payment_declined' }, { action: 'order.created' }],
    });
    expect(await countOf(order)).toBe(0);
  });

  test('Failed a second time keeps the first reason', async () => {
    const order = await payable();
    await endOrder(order.orderId, { code: 'payment_declined', system: false }, shop.ports);
    const first = await saved(order);
    await endOrder(order.orderId, { code: 'internal', system: false }, shop.ports);
    expect(await saved(order)).toEqual(first);
  });

  test('Failed takes a former Paid back, its count once, and tells what was refunded', async () => {
    const order = await payable();
    await markPaid(order.orderId, shop.ports);
    await shop.payments.beginUndo(order.orderId);
    await shop.payments.endUndo(order.orderId, amount);
    await endOrder(order.orderId, { code: 'internal', system: false }, shop.ports);
    await endOrder(order.orderId, { code: 'internal', system: false }, shop.ports);
    expect(await saved(order)).toMatchObject({ status: 'Failed', paymentInfo: { refunded: amount } });
    expect(await countOf(order)).toBe(0);
    expect((await saved(order)).timeline.map(({ status }) => status)).toEqual(['Pending', 'Paid', 'Failed']);
  });

  test.each(['Shipped', 'Refunded'] as const)('Failed is not for one that is %s', async (status) => {
    const order = await payable({ status });
    await expect(endOrder(order.orderId, { code: 'internal', system: false }, shop.ports)).rejects.toThrow(
      OrderStateError,
    );
    expect(await saved(order)).toMatchObject({ status, version: 1 });
  });

  test('Failed for want of stock offers what else there is of the short lines’ categories', async () => {
    const short = await shop.product({ stockCount: 0 });
    const plenty = await shop.product({ stockCount: 9 });
    const similar = await shop.product({ category: short.category, stockCount: 9 });
    await shop.product({ category: short.category, stockCount: 0 });
    await shop.product({ category: plenty.category, stockCount: 9 });
    const order = await shop.orderOf([
      [short, 1],
      [plenty, 1],
    ]);
    await validateOrder(order.orderId, shop.ports);
    await endOrder(order.orderId, { code: 'out_of_stock', system: false }, shop.ports);
    expect((await saved(order)).failure).toMatchObject({ alternativeIds: [similar.productId] });
  });

  test('is of no order that was never placed', async () => {
    await expect(markPaid('nothing', shop.ports)).rejects.toThrow(OrderMissingError);
    await expect(endOrder('nothing', { code: 'internal', system: false }, shop.ports)).rejects.toThrow(
      OrderMissingError,
    );
  });

  test('gives up for a while when the order keeps changing', async () => {
    const order = await payable();
    const orders = { ...shop.ports.orders, save: async () => false };
    await expect(
      endOrder(order.orderId, { code: 'internal', system: false }, { ...shop.ports, orders }),
    ).rejects.toThrow(TransientError);
  });
});

describe('a mark for repair', () => {
  const mark = (order: Order, step: string, error = 'TransientError') =>
    markForRepair({ orderId: order.orderId, step, error }, shop.ports);

  test('is left once for each step, and is short', async () => {
    const order = await shop.order();
    await mark(order, 'UndoPayment', 'e'.repeat(1000));
    await mark(order, 'UndoPayment', 'another');
    await mark(order, 'ReleaseInventory');
    expect((await saved(order)).repair).toEqual([
      { step: 'UndoPayment', error: 'e'.repeat(200), at: '2026-03-01T12:00:00.000Z' },
      { step: 'ReleaseInventory', error: 'TransientError', at: '2026-03-01T12:00:00.000Z' },
    ]);
  });

  test('changes nothing else of the order, whatever its status', async () => {
    const order = await shop.order({ status: 'Cancelled' });
    await mark(order, 'FailOrder');
    expect(await saved(order)).toMatchObject({ status: 'Cancelled', timeline: order.timeline });
  });
});
