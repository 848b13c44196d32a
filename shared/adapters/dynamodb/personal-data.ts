import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { PersonalData, SentNotification } from '../../identity/personal-data.ts';
import { orderMessageIds } from '../../notifications/order-messages.ts';
import { publicationKey } from '../../notifications/publish-once.ts';
import { isErased, withoutPersonalData } from '../../orders/erase-order.ts';
import type { Order } from '../../orders/order.ts';
import { changeOrder } from '../../orders/order-store.ts';
import { eraseTraces, findTraces } from './audit-traces.ts';
import { batchGet } from './batch-get.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';
import { createOrderStore, placementKey } from './order-store.ts';
import { queryAll } from './query-all.ts';
import type { RetryEffects } from './transact.ts';

interface PersonalDataTables {
  readonly orders: string;
  readonly products: string;
  readonly audit: string;
  readonly idempotency: string;
}

const ordersPerPage = 100;
const waitingSchema = z.object({ sk: z.string() });
const claimSchema = z.object({ pk: z.string(), state: z.string() });

/** What is held on a person in all tables but Users. What a method does and throws stands at the port. */
export function createPersonalData(
  client: Dynamo,
  tables: PersonalDataTables,
  retry: RetryEffects,
): PersonalData {
  const orders = createOrderStore(client, { orders: tables.orders }, retry);
  const remove = (TableName: string, Key: Record<string, unknown>) =>
    transiently(() => client.send(new DeleteCommand({ TableName, Key })));
  return {
    async ordersOf(userId) {
      const found: Order[] = [];
      let after: Readonly<Record<string, string>> | undefined;
      do {
        const page = await orders.list({ userId }, { limit: ordersPerPage, ...(after ? { after } : {}) });
        found.push(...page.items);
        after = page.next;
      } while (after);
      return found;
    },

    auditEntriesOf: (userId, orderIds) => findTraces(client, tables.audit, userId, orderIds),

    async waitingCheckoutsOf(userId) {
      const items = await queryAll(client, {
        TableName: tables.orders,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `WAITING#${userId}` },
        ConsistentRead: true,
      });
      return items.map((item) => waitingSchema.parse(item).sk);
    },

    async notificationsOf(orderIds) {
      const names = orderIds
        .flatMap((orderId) => orderMessageIds(orderId, 'Customer'))
        .map(({ id }) => ({ pk: publicationKey(id) }));
      const claims = await batchGet(client, tables.idempotency, names, retry, { consistent: true });
      return claims.map((claim): SentNotification => {
        const { pk, state } = claimSchema.parse(claim);
        const [, orderId = '', type = ''] = pk.split('#');
        return { orderId, type, state };
      });
    },

    async eraseOrder(orderId, at) {
      const order = await orders.find(orderId);
      if (!order) return;
      const { userId, idempotencyKey } = order;
      // What the order leads to goes before the order forgets the way to it.
      if (idempotencyKey !== undefined) {
        await remove(tables.idempotency, placementKey({ userId, key: idempotencyKey }));
      }
      await orders.removeWaiting(userId, orderId);
      await changeOrder(orders, orderId, (current) =>
        isErased(current)
          ? undefined
          : withoutPersonalData(current, current.personalDataErasedAt ?? at.toISOString()),
      );
    },

    eraseTraces: (userId, orderIds) => eraseTraces(client, tables, orders, userId, orderIds),
  };
}
