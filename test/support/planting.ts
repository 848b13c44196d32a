import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { orderToItem } from '../../shared/adapters/dynamodb/order-item.ts';
import type { Order } from '../../shared/orders/order.ts';
import { anItem, anOrder } from './builders/order.ts';
import { items, type Shop } from './shop.ts';

const minutes = 60_000;

/** Puts an order of two pieces into the table as no checkout would leave it, half an hour old. */
export async function plantOrder(
  shop: Shop,
  overrides: Partial<Order> & { productId: string; userId: string },
): Promise<string> {
  const { productId, ...fields } = overrides;
  const at = new Date(Date.now() - 30 * minutes);
  const order = anOrder({
    orderId: ulid(at.getTime()),
    items: [anItem({ productId, quantity: 2 })],
    createdAt: at.toISOString(),
    updatedAt: at.toISOString(),
    ...fields,
  });
  const TableName = shop.runtime.tables.ORDERS_TABLE;
  await shop.dynamo.send(new PutCommand({ TableName, Item: orderToItem(order) }));
  return order.orderId;
}

/** Holds two pieces for an order, half an hour ago. */
export async function plantHold(shop: Shop, orderId: string, productId: string): Promise<void> {
  const { PRODUCTS_TABLE: products = '', INVENTORY_TABLE: inventory = '' } = shop.runtime.tables;
  const store = createInventoryStore(shop.dynamo, { products, inventory }, { random: Math.random, sleep });
  await store.hold(orderId, items(productId, 2), new Date(Date.now() - 30 * minutes));
}

/** Our record of an order's payment. */
export async function plantPayment(
  shop: Shop,
  orderId: string,
  fields: Record<string, unknown> = {},
): Promise<void> {
  const Item = {
    pk: `ORDER#${orderId}`,
    sk: 'PAYMENT',
    orderId,
    provider: 'sandbox',
    amount: { amount: 2000, currency: 'USD' },
    state: 'captured',
    paymentId: `sandbox_${orderId}`,
    attempts: 1,
    ...fields,
  };
  await shop.dynamo.send(new PutCommand({ TableName: shop.runtime.tables.ORDERS_TABLE, Item }));
}
