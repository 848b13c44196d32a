import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { orderKey } from '../../shared/adapters/dynamodb/order-item.ts';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import { userKey } from '../../shared/adapters/dynamodb/user-directory.ts';
import { retryEffects } from '../support/stage.ts';
import type { Check, Examination } from './doctor.ts';
import { counterUpdate, firstOrders } from './promotions.ts';
import { type Counted, type Counts, examineCounter, examineScattered } from './repair-counter.ts';

/** What counts of an order for its customer. */
const orderSchema = z.object({
  orderId: z.string(),
  userId: z.string(),
  status: z.string(),
  version: z.number(),
  promotion: z
    .object({ firstOrderOnly: z.boolean().optional(), released: z.boolean().optional() })
    .optional(),
});
type CountedOrder = z.infer<typeof orderSchema>;
const byId = (a: CountedOrder, b: CountedOrder) => (a.orderId < b.orderId ? -1 : 1);
const userSchema = z.object({ userId: z.string(), orderCount: z.number() });
const usesSchema = z.object({ pk: z.string(), sk: z.string(), uses: z.number() });

/** A refund leaves the count: the order was paid. */
const paidStatuses = new Set(['Paid', 'Shipped', 'Delivered', 'Refunded']);
const isPaid = ({ status }: CountedOrder) => paidStatuses.has(status);
const usesFirst = ({ promotion }: CountedOrder) =>
  promotion?.firstOrderOnly === true && promotion.released !== true;

/** Which counter of which customer. */
const countName = (userId: string) => `paid ${userId}`;
const firstName = (userId: string) => `first ${userId}`;
type Suspects = ReadonlyMap<string, Counted<CountedOrder>>;

/**
 * A customer's counters agree with their orders: how many were paid, and the one discount for a first order. The index
 * of a customer's orders may lag, so it only clears those of whom the scan saw an order and not yet the counter, or the
 * other way round. Whether a counter is wrong, and what it is to be, two more scans tell, if any is left.
 */
export const checkCustomers: Check = async (examination) => {
  const rows = await lastingSuspects(await suspectsOf(examination), examination);
  if (rows.size === 0) return [];
  return examineScattered<CountedOrder>(
    { rows: () => rows, facts: () => scanOrders(rows, examination), counts: () => countsOf(rows) },
    examination,
  );
};

async function suspectsOf(examination: Examination): Promise<Suspects> {
  const paid = new Map<string, number>();
  const first = new Map<string, number>();
  const count = (map: Map<string, number>, userId: string) => map.set(userId, (map.get(userId) ?? 0) + 1);
  for await (const order of ordersIn(examination)) {
    if (isPaid(order)) count(paid, order.userId);
    if (usesFirst(order)) count(first, order.userId);
  }
  const suspects = new Map<string, Counted<CountedOrder>>();
  for await (const page of examination.scan('users')) {
    for (const item of page) {
      const { data } = userSchema.safeParse(item);
      if (!data || data.orderCount === (paid.get(data.userId) ?? 0)) continue;
      suspects.set(countName(data.userId), orderCountOf(data.userId, examination));
    }
  }
  const counted = new Map<string, number>();
  for (const item of await firstOrderCounters(examination)) {
    const { data } = usesSchema.safeParse(item);
    // What cannot be read, the promotions have told.
    if (data) counted.set(data.sk.slice('USER#'.length), data.uses);
  }
  for (const userId of new Set([...counted.keys(), ...first.keys()])) {
    if ((counted.get(userId) ?? 0) === (first.get(userId) ?? 0)) continue;
    suspects.set(firstName(userId), firstOrderOf(userId, examination));
  }
  return suspects;
}

/** Orders by one strongly consistent scan. What cannot be read is a finding of its own. */
async function* ordersIn(examination: Examination): AsyncGenerator<CountedOrder> {
  for await (const page of examination.scan('orders')) {
    for (const item of page) {
      const { data } = item.sk === 'ORDER' ? orderSchema.safeParse(item) : {};
      if (data) yield data;
    }
  }
}

async function lastingSuspects(suspects: Suspects, examination: Examination): Promise<Suspects> {
  const lasting = new Map<string, Counted<CountedOrder>>();
  for (const [name, counted] of suspects) {
    if (await examineCounter(counted, examination)) lasting.set(name, counted);
  }
  return lasting;
}

async function scanOrders(suspects: Suspects, examination: Examination) {
  const found = new Map<string, CountedOrder[]>();
  for await (const order of ordersIn(examination)) {
    for (const name of [countName(order.userId), firstName(order.userId)]) {
      if (suspects.has(name)) found.set(name, [...(found.get(name) ?? []), order]);
    }
  }
  for (const all of found.values()) all.sort(byId);
  return found;
}

async function countsOf(suspects: Suspects): Promise<Map<string, Counts>> {
  const found = new Map<string, Counts>();
  for (const [name, counted] of suspects) {
    const counts = await counted.counts();
    if (counts) found.set(name, counts);
  }
  return found;
}

async function firstOrderCounters({ target, tables }: Examination) {
  return queryAll(target.dynamo, {
    TableName: tables.promotions,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': firstOrders },
    ConsistentRead: true,
  });
}

/** The index tells which orders there are, but for the newest perhaps; how they stand is read strongly. */
async function ordersOf(userId: string, { target, tables }: Examination): Promise<CountedOrder[]> {
  const found = await queryAll(target.dynamo, {
    TableName: tables.orders,
    IndexName: 'byUser',
    KeyConditionExpression: 'userId = :user',
    ExpressionAttributeValues: { ':user': userId },
  });
  const keys = found.map(({ orderId }) => orderKey(z.string().parse(orderId)));
  const items = await batchGet(target.dynamo, tables.orders, keys, retryEffects, { consistent: true });
  return items.map((item) => orderSchema.parse(item)).sort(byId);
}

function orderCountOf(userId: string, examination: Examination): Counted<CountedOrder> {
  const { target, tables } = examination;
  const TableName = tables.users;
  return {
    kind: 'order_count_drift',
    entity: { type: 'user', id: userId },
    what: `paid orders of user ${userId}`,
    facts: () => ordersOf(userId, examination),
    async counts() {
      const key = { TableName, Key: userKey(userId), ConsistentRead: true };
      const { Item } = await target.dynamo.send(new GetCommand(key));
      return Item && { orderCount: userSchema.parse(Item).orderCount };
    },
    expected: (orders) => ({ orderCount: orders.filter(isPaid).length }),
    update: (read, expected) => ({
      Update: {
        TableName,
        Key: userKey(userId),
        UpdateExpression: 'SET orderCount = :right',
        ConditionExpression: 'orderCount = :wrong',
        ExpressionAttributeValues: { ':right': expected.orderCount, ':wrong': read.orderCount },
      },
    }),
  };
}

function firstOrderOf(userId: string, examination: Examination): Counted<CountedOrder> {
  const { target, tables } = examination;
  const TableName = tables.promotions;
  const Key = { pk: firstOrders, sk: `USER#${userId}` };
  return {
    kind: 'promotion_drift',
    entity: { type: 'user', id: userId },
    what: `use of a code for first orders by user ${userId}`,
    facts: () => ordersOf(userId, examination),
    async counts() {
      const { Item } = await target.dynamo.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
      return { uses: Item ? usesSchema.parse(Item).uses : 0 };
    },
    expected: (orders) => ({ uses: orders.filter(usesFirst).length }),
    update: (read, expected) => counterUpdate(TableName, Key, read.uses ?? 0, expected.uses ?? 0),
  };
}
