import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { encodeTime } from 'ulid';
import { dearestFraudRules } from '../../operations/cost/dearest-window.ts';
import { orderToItem } from '../../shared/adapters/dynamodb/order-item.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { OrderStatus } from '../../shared/orders/status.ts';
import { anItem, anOrder } from './builders/order.ts';
import { eventually } from './local-stack.ts';
import { type Customer, items, openShop, type Shop } from './shop.ts';

/** A shop that can be filled with orders, and what requests cost in it. */
export interface LoadedShop {
  readonly shop: Shop;
  /** Writes orders until there are as many, and waits until the stream has counted them all. */
  fillTo(count: number): Promise<{ writtenMs: number; countedMs: number; unitsPerOrder: number }>;
  /** Capacity units that each kind of request takes now. */
  measure(): Promise<Record<string, number>>;
}

const statuses: readonly OrderStatus[] = ['Paid', 'Shipped', 'Failed', 'Refunded'];
const products = 5;
const days = 5;
const users = 4;
const batchSize = 25;
const dayMs = 24 * 3600 * 1000;

export async function openLoadedShop(): Promise<LoadedShop> {
  const shop = await openShop({
    countDynamoDb: true,
    settings: { fraud: dearestFraudRules(new Date()) },
  });
  const customer = await shop.newCustomer();
  const productId = await shop.newProduct({ stockCount: 1000 });
  const measured = requests(shop, customer, productId);
  // Lambdas keep what they may, such as rates, from their first call on.
  for (const request of Object.values(measured)) await request();
  const { counters } = shop.runtime;
  let loaded = 0;
  return {
    shop,
    async fillTo(count) {
      const [began, unitsBefore] = [performance.now(), counters.streamDynamoDbCapacity()];
      const orders = Array.from({ length: count - loaded }, (_, index) =>
        loadedOrder(loaded + index, customer),
      );
      await write(shop, orders);
      const written = performance.now();
      loaded = count;
      await counted(shop, count);
      return {
        writtenMs: written - began,
        countedMs: performance.now() - began,
        unitsPerOrder: (counters.streamDynamoDbCapacity() - unitsBefore) / Math.max(1, orders.length),
      };
    },
    async measure() {
      const costs: Record<string, number> = {};
      for (const [name, request] of Object.entries(measured)) {
        const before = counters.dynamoDbCapacity();
        await request();
        costs[name] = counters.dynamoDbCapacity() - before;
      }
      return costs;
    },
  };
}

/** Orders go through days, statuses, products and users in turn, so that any hundred meets every group. */
function loadedOrder(index: number, customer: Customer): Order {
  const day = index % days;
  const status = statuses[Math.floor(index / days) % statuses.length] ?? 'Paid';
  const product = Math.floor(index / (days * statuses.length)) % products;
  const at = new Date(startOfLoad() + day * dayMs + 1000 + Math.floor(index / days));
  const orderId = encodeTime(at.getTime()) + String(index).padStart(16, '0');
  return anOrder({
    orderId,
    userId: index % users === 0 ? customer.userId : `user-${index % users}`,
    status,
    version: 2,
    createdAt: at.toISOString(),
    updatedAt: at.toISOString(),
    items: [product, (product + 1) % products].map((number) =>
      anItem({ productId: `load-${number}`, name: `Load ${number}`, category: 'load' }),
    ),
  });
}

/** The load lies some days back, all in one month, so that requests look into as many months at every size. */
function startOfLoad(): number {
  const now = new Date();
  return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 10);
}

const dayOfLoad = (day: number) => new Date(startOfLoad() + day * dayMs).toISOString().slice(0, 10);
const range = () => `from=${dayOfLoad(0)}&to=${dayOfLoad(days - 1)}`;

async function write(shop: Shop, orders: readonly Order[]): Promise<void> {
  const table = shop.runtime.tables.ORDERS_TABLE ?? '';
  for (let start = 0; start < orders.length; start += batchSize) {
    const puts = orders
      .slice(start, start + batchSize)
      .map((order) => ({ PutRequest: { Item: orderToItem(order) } }));
    await shop.dynamo.send(new BatchWriteCommand({ RequestItems: { [table]: puts } }));
  }
}

async function counted(shop: Shop, count: number): Promise<void> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    const { json } = await shop.call('GET', `/order/report?groupBy=currency&${range()}`, {
      token: shop.manager,
    });
    if (json.rows?.[0]?.orders === count) return;
    if (Date.now() > deadline) throw new Error(`Not counted: ${JSON.stringify(json)} instead of ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function requests(shop: Shop, customer: Customer, productId: string): Record<string, () => Promise<void>> {
  const get = (path: string, token: string) => async () => {
    const { status, text } = await shop.call('GET', path, { token });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
  };
  const report = (groupBy: string) => get(`/order/report?groupBy=${groupBy}&${range()}`, shop.manager);
  const { token } = customer;
  return {
    'list, all': get(`/order?${range()}`, shop.manager),
    'list, own': get(`/order?${range()}`, token),
    'list, by status': get(`/order?status=Paid&${range()}`, shop.manager),
    'report by day': report('day'),
    'report by status': report('status'),
    'report by product': report('product'),
    'report by currency': report('currency'),
    recommendations: get('/user/me/recommendations', token),
    check: async () => {
      const { status, text } = await shop.call('POST', '/order/check', {
        token,
        body: { items: items(productId) },
      });
      if (status !== 200) throw new Error(`Check: ${status} ${text}`);
    },
    'create, with its checkout': async () => {
      const { status, text, json } = await shop.place(customer, { items: items(productId) });
      if (status !== 202) throw new Error(`Create: ${status} ${text}`);
      await eventually(() => {
        const run = shop.runtime.executions().find((execution) => execution.name === json.orderId);
        return run && run.status !== 'RUNNING' ? run : undefined;
      });
    },
  };
}

/** Requests whose cost is not the same within the tolerance, told in words. */
export function differences(
  few: Readonly<Record<string, number>>,
  many: Readonly<Record<string, number>>,
  tolerance: number,
): string[] {
  return Object.entries(few).flatMap(([name, cost]) => {
    const other = many[name] ?? Number.NaN;
    const isSame = Math.abs(other - cost) <= cost * tolerance;
    return isSame ? [] : [`${name}: ${cost} and ${other} units`];
  });
}
