import * as z from 'zod';
import { type Order, orderSchema } from '../../orders/order.ts';

export const orderKey = (orderId: string) => ({ pk: `ORDER#${orderId}`, sk: 'ORDER' });
export const paymentKey = (orderId: string) => ({ pk: `ORDER#${orderId}`, sk: 'PAYMENT' });
export const waitingKey = (userId: string, orderId: string) => ({ pk: `WAITING#${userId}`, sk: orderId });

/** The partition of the index that lists all orders: a month's orders by their ids, which sort by time. */
export function monthOf(isoDate: string): string {
  return isoDate.slice(0, 7);
}

export function orderToItem(order: Order): Record<string, unknown> {
  return { ...orderKey(order.orderId), createdMonth: monthOf(order.createdAt), ...order };
}

/** The table's keys and index attributes are not part of the record. */
const storedOrderSchema = z.object(orderSchema.shape);

export function toOrder(item: unknown): Order {
  return storedOrderSchema.parse(item);
}
