import type { HoldFinder } from '../inventory/hold-finder.ts';
import type { StockLine } from '../inventory/inventory-store.ts';
import type { Order } from './order.ts';
import type { OrderStore } from './order-store.ts';

export interface SettledPorts {
  readonly orders: Pick<OrderStore, 'findWithPayment'>;
  readonly holds: Pick<HoldFinder, 'isSold'>;
}

/** Whether a paid order is through: its stock is sold, and nothing has begun to give its money back. */
export async function isSettled(order: Order, { orders, holds }: SettledPorts): Promise<boolean> {
  const productIds = [...new Set(allocatedLines(order).map((line) => line.productId))];
  const [found, isSold] = await Promise.all([
    orders.findWithPayment(order.orderId),
    holds.isSold(order.orderId, productIds),
  ]);
  return isSold && found?.payment?.undo === undefined;
}

/** What is held or sold for the order. */
export function allocatedLines({ items }: Order): StockLine[] {
  return items
    .filter((item) => item.allocated > 0)
    .map(({ productId, allocated: quantity }) => ({ productId, quantity }));
}
