import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { Problem } from '../../api/problem.ts';
import { TransientError } from '../../errors.ts';
import type { Order } from '../../orders/order.ts';
import type { OrderStore, PlacementKey } from '../../orders/order-store.ts';
import { accountIsOpen, countedOrder, refuseClosedAccount } from './account-actions.ts';
import { auditItem } from './audit-trail.ts';
import type { Dynamo } from './client.ts';
import { conditionally, transiently } from './faults.ts';
import { orderKey, orderToItem, toOrder, waitingKey } from './order-item.ts';
import { listOrders } from './order-list.ts';
import { toPaymentRecord } from './payment-records.ts';
import { refuseUse, useActions, withRelease } from './promotion-uses.ts';
import { isFalseCondition, type RetryEffects, type TransactItem, transact } from './transact.ts';
import { countUp } from './velocity-counters.ts';
import { tokensOf } from './waiting-tokens.ts';

/** Only `orders` is needed to read; writing touches the others. */
export interface OrderTables {
  readonly orders: string;
  readonly users?: string;
  readonly audit?: string;
  readonly idempotency?: string;
  /** For placing orders with a promo code, and for ending them. */
  readonly promotions?: string;
}

const daysKept = 2;
/** A customer's orders meet at their record, and all orders with a code at its counter. */
const placingRetries = 7;
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
  const release = (order: Order) => withRelease(() => named(tables.promotions), order);
  const save: OrderStore['save'] = async (changed) => {
    const { order, actions } = release(changed);
    if (actions.length > 0) {
      return (await transact(client, [{ Put: versioned(table, order) }, ...actions], effects)) === undefined;
    }
    return conditionally(() => client.send(new PutCommand(versioned(table, order))));
  };
  return {
    find,
    findPlaced,
    async place(order, placement, request, audit, counts = []) {
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
        accountIsOpen(named(tables.users), order.userId),
      ];
      const uses = order.promotion ? useActions(named(tables.promotions), order) : [];
      const counted = counts.map((move) => countUp(named(tables.idempotency), move));
      const actions = [...items, ...uses, ...counted];
      const options = { retries: placingRetries };
      const reasons = await inProgressWhenBusy(() => transact(client, actions, effects, options));
      if (!reasons) return undefined;
      refuseClosedAccount(reasons[items.length - 1]);
      // A repetition is told so before a limit that it may have reached itself.
      if (!isFalseCondition(reasons[0])) refuseUse(order, reasons.slice(items.length));
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
    save,
    async saveTold(changed) {
      const { order, actions } = release(changed);
      const [entry] = order.auditLogs;
      if (!entry) throw new Error(`Order ${order.orderId} has no entry that tells of its change`);
      const told: TransactItem = { Put: { TableName: named(tables.audit), Item: auditItem(entry) } };
      const writes = [{ Put: versioned(table, order) }, told, ...actions];
      return (await transact(client, writes, effects)) === undefined;
    },
    async saveCounted(changed, countDelta, flags) {
      const { order, actions } = release(changed);
      const user = countedOrder(named(tables.users), order.userId, countDelta, flags);
      const writes = [{ Put: versioned(table, order) }, user, ...actions];
      const reasons = await transact(client, writes, effects);
      if (isFalseCondition(reasons?.[1])) {
        // Of an account that is gone there is no count to take back.
        if (countDelta < 0) return save(changed);
        throw new Error(`Order ${order.orderId} belongs to an account that is gone`);
      }
      return reasons === undefined;
    },
    list: (filter, page) => listOrders({ client, table, effects }, filter, page),
    async saveWaiting(userId, orderId, taskToken) {
      const command = new UpdateCommand({
        TableName: table,
        Key: waitingKey(userId, orderId),
        UpdateExpression: 'ADD taskTokens :token',
        ExpressionAttributeValues: { ':token': new Set([taskToken]) },
      });
      await transiently(() => client.send(command));
    },
    async removeWaiting(userId, orderId) {
      const Key = waitingKey(userId, orderId);
      await transiently(() => client.send(new DeleteCommand({ TableName: table, Key })));
    },
    async findWaiting(userId, orderId) {
      const Key = waitingKey(userId, orderId);
      const { Item } = await transiently(() =>
        client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true })),
      );
      return Item ? tokensOf(Item) : [];
    },
    async remove({ orderId, version }, audit) {
      const Delete = {
        TableName: table,
        Key: orderKey(orderId),
        ConditionExpression: 'version = :read',
        ExpressionAttributeValues: { ':read': version },
      };
      const Put = { TableName: named(tables.audit), Item: auditItem(audit) };
      return (await transact(client, [{ Delete }, { Put }], effects)) === undefined;
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
