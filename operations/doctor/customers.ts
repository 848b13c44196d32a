import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { orderKey } from '../../shared/adapters/dynamodb/order-item.ts';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import { userKey } from '../../shared/adapters/dynamodb/user-directory.ts';
import { retryEffects } from '../support/stage.ts';
import type { Check, Examination, Finding } from './doctor.ts';
import { counterUpdate, firstOrders } from './promotions.ts';
import { type Counted, examineCounter } from './repair-counter.ts';

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
const userSchema = z.object({ userId: z.string(), orderCount: z.number() });
const usesSchema = z.object({ pk: z.string(), sk: z.string(), uses: z.number() });

/** A refund leaves the count: the order was paid. */
const paidStatuses = new Set(['Paid', 'Shipped', 'Delivered', 'Refunded']);
const isPaid = ({ status }: CountedOrder) => paidStatuses.has(status);
const usesFirst = ({ promotion }: CountedOrder) =>
  promotion?.firstOrderOnly === true && promotion.released !== true;

/** A customer's counters agree with their orders: how many were paid, and the one discount for a first order. */
export const checkCustomers: Check = async (examination) => {
  const paid = new Map<string, number>();
  const first = new Map<string, number>();
  const count = (map: Map<string, number>, userId: string) => map.set(userId, (map.get(userId) ?? 0) + 1);
  for await (const page of examination.scan('orders')) {
    for (const item of page) {
      if (item.sk !== 'ORDER') continue;
      const parsed = orderSchema.safeParse(item);
      // What cannot be read is a finding of its own.
      if (!parsed.success) continue;
      if (isPaid(parsed.data)) count(paid, parsed.data.userId);
      if (usesFirst(parsed.data)) count(first, parsed.data.userId);
    }
  }
  const findings: Finding[] = [];
  const examine = async (counted: Counted<CountedOrder>) => {
    const finding = await examineCounter(counted, examination);
    if (finding) findings.push(finding);
  };
  for await (const page of examination.scan('users')) {
    for (const item of page) {
      const parsed = userSchema.safeParse(item);
      if (!parsed.success) continue;
      const { userId, orderCount } = parsed.data;
      if (orderCount !== (paid.get(userId) ?? 0)) await examine(orderCountOf(userId, examination));
    }
  }
  const counted = new Map<string, number>();
  for (const item of await firstOrderCounters(examination)) {
    const { data } = usesSchema.safeParse(item);
    // What cannot be read, the promotions have told.
    if (data) counted.set(data.sk.slice('USER#'.length), data.uses);
  }
  for (const userId of new Set([...counted.keys(), ...first.keys()])) {
    const differs = (counted.get(userId) ?? 0) !== (first.get(userId) ?? 0);
    if (differs) await examine(firstOrderOf(userId, examination));
  }
  return findings;
};

async function firstOrderCounters({ target, tables }: Examination) {
  return queryAll(target.dynamo, {
    TableName: tables.promotions,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': firstOrders },
    ConsistentRead: true,
  });
}

/** An index tells which orders there are; how they stand is read strongly. A new order counts for nothing yet. */
async function ordersOf(userId: string, { target, tables }: Examination): Promise<CountedOrder[]> {
  const found = await queryAll(target.dynamo, {
    TableName: tables.orders,
    IndexName: 'byUser',
    KeyConditionExpression: 'userId = :user',
    ExpressionAttributeValues: { ':user': userId },
  });
  const keys = found.map(({ orderId }) => orderKey(z.string().parse(orderId)));
  const items = await batchGet(target.dynamo, tables.orders, keys, retryEffects, { consistent: true });
  return items.map((item) => orderSchema.parse(item)).sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
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
