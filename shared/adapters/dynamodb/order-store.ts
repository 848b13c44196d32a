import { DeleteCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Problem } from '../../api/problem.ts';
import { TransientError } from '../../errors.ts';
import type { Order } from '../../orders/order.ts';
import type { OrderStore, PlacementKey } from '../../orders/order-store.ts';
import { auditItem } from './audit-trail.ts';
import type { Dynamo } from './client.ts';
import { isConditionFailure, transiently } from './faults.ts';
import { orderKey, orderToItem, toOrder, waitingKey } from './order-item.ts';
import { listOrders } from './order-list.ts';
import { toPaymentRecord } from './payment-records.ts';
import { isFalseCondition, type RetryEffects, type TransactItem, transact } from './transact.ts';
import { userKey } from './user-directory.ts';

/** Only `orders` is needed to read; writing touches the others. */
export interface OrderTables {
  readonly orders: string;
  readonly users?: string;
  readonly audit?: string;
  readonly idempotency?: string;
}

const daysKept = 2;
const placedSchema = z.object({ requestHash: z.string(), orderId: z.string(), response: z.string() });
export const placementKey = ({ userId, key }: PlacementKey) => ({ pk: `ORDER_CREATE#${userId}#${key}` });

/** Orders in DynamoDB. What a method does and throws stands at the port. */
export function createOrderStore(client: Dynamo, tables: OrderTables, effects: RetryEffects): OrderStore {
  const table = tables.orders;
  const find: OrderStore['find'] = async (orderId) => {
    const { Item } = await transiently(() =>
      client.send(new GetCommand({ TableName: table, Key: orderKey(orderId), ConsistentRead: true })),
    );
    return Item && toOrder(Item);
  };
  const findPlaced: OrderStore['findPlaced'] = async (placement) => {
    const { Item } = await transiently(() =>
      client.send(
        new GetCommand({
          TableName: named(tables.idempotency),
          Key: placementKey(placement),
          ConsistentRead: true,
        }),
      ),
    );
    return Item && placedSchema.parse(Item);
  };
  return {
    find,
    findPlaced,
    async place(order, placement, request, audit) {
      const placedAt = Math.floor(Date.parse(order.createdAt) / 1000);
      const items: TransactItem[] = [
        {
          Put: {
            TableName: named(tables.idempotency),
            Item: { ...placementKey(placement), ...request, expiresAt: placedAt + daysKept * 24 * 3600 },
            // TTL deletes late, so a key that has expired is free though its item may still be there.
            ConditionExpression: 'attribute_not_exists(pk) OR expiresAt < :now',
            ExpressionAttributeValues: { ':now': placedAt },
          },
        },
        {
          Put: {
            TableName: table,
            Item: orderToItem(order),
            ConditionExpression: 'attribute_not_exists(pk)',
          },
        },
        { Put: { TableName: named(tables.audit), Item: auditItem(audit) } },
      ];
      const reasons = await inProgressWhenBusy(() => transact(client, items, effects));
      if (!reasons) return undefined;
      const former = await findPlaced(placement);
      if (!former)
        throw new TransientError('The key was taken and is free again; the request may be repeated');
      return former;
    },
    async findWithPayment(orderId) {
      const { Items = [] } = await transiently(() =>
        client.send(
          new QueryCommand({
            TableName: table,
            KeyConditionExpression: 'pk = :pk',
            ExpressionAttributeValues: { ':pk': orderKey(orderId).pk },
            ConsistentRead: true,
          }),
        ),
      );
      const bySort = new Map(Items.map((item) => [item.sk, item]));
      const order = bySort.get('ORDER');
      const payment = bySort.get('PAYMENT');
      return order && { order: toOrder(order), payment: payment && toPaymentRecord(payment) };
    },
    async save(order) {
      try {
        await transiently(() => client.send(new PutCommand(versioned(table, order))));
        return true;
      } catch (error) {
        if (isConditionFailure(error)) return false;
        throw error;
      }
    },
    async saveCounted(order, countDelta, flags) {
      const user = {
        TableName: named(tables.users),
        Key: userKey(order.userId),
        UpdateExpression: [
          'ADD orderCount :delta',
          flags ? 'SET preferredPaymentMethod = :method' : '',
          flags?.lastSelectedAddress ? ', lastSelectedAddress = :address' : '',
        ].join(' '),
        ExpressionAttributeValues: {
          ':delta': countDelta,
          ...(flags ? { ':method': flags.preferredPaymentMethod } : {}),
          ...(flags?.lastSelectedAddress ? { ':address': flags.lastSelectedAddress } : {}),
        },
        ConditionExpression: 'attribute_exists(pk)',
      };
      const reasons = await transact(client, [{ Put: versioned(table, order) }, { Update: user }], effects);
      if (isFalseCondition(reasons?.[1])) {
        throw new Error(`Order ${order.orderId} belongs to an account that is gone`);
      }
      return reasons === undefined;
    },
    list: (filter, page) => listOrders({ client, table, effects }, filter, page),
    async saveWaiting(userId, orderId, taskToken) {
      const Item = { ...waitingKey(userId, orderId), taskToken };
      await transiently(() => client.send(new PutCommand({ TableName: table, Item })));
    },
    async removeWaiting(userId, orderId) {
      const Key = waitingKey(userId, orderId);
      await transiently(() => client.send(new DeleteCommand({ TableName: table, Key })));
    },
  };
}

/** A put of the next version that holds only on the version it was made from. */
function versioned(table: string, order: Order) {
  return {
    TableName: table,
    Item: orderToItem({ ...order, version: order.version + 1 }),
    ConditionExpression: 'version = :read',
    ExpressionAttributeValues: { ':read': order.version },
  };
}

/** Two requests with one key at the same moment: the one that is not first is told so, not that we are down. */
async function inProgressWhenBusy<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    throw new Problem('request_in_progress', 'The same request may be under way; send it again.', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

function named(table: string | undefined): string {
  if (table === undefined) {
    throw new Error('This Lambda was not given the table that this needs');
  }
  return table;
}
