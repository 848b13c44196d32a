import { requireOwnership } from '../api/authorize.ts';
import { type PageRequest, pageBody } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { ProductReader } from '../catalogue/product-store.ts';
import type { Principal } from '../identity/principal.ts';
import { isStaff } from '../identity/roles.ts';
import type { CheckoutRuns } from './checkout-runs.ts';
import type { Order } from './order.ts';
import type { OrderView } from './order-schemas.ts';
import type { OrderFilter, OrderStore } from './order-store.ts';
import { orderViews } from './order-view.ts';

export interface ReadPorts {
  readonly orders: OrderStore;
  readonly products: Pick<ProductReader, 'findMany'>;
  readonly checkouts: Pick<CheckoutRuns, 'describe'>;
}

/** @throws Problem not_found, also for another customer's order */
export async function findOrder(
  principal: Principal,
  orderId: string,
  orders: Pick<OrderStore, 'find'>,
): Promise<Order> {
  const order = await orders.find(orderId);
  if (!order) {
    throw new Problem('not_found', 'There is no such order.');
  }
  requireOwnership(principal, order.userId, 'order');
  return order;
}

export async function showOrder(order: Order, principal: Principal, ports: ReadPorts): Promise<OrderView> {
  const [view] = await orderViews([order], ports.products, isStaff(principal.role));
  if (!view) throw new Error('One order has one view');
  return view;
}

/** Lists orders newest first. A customer sees only their own, whatever `userId` is asked for. */
export async function listOrders(
  principal: Principal,
  filter: OrderFilter,
  page: PageRequest,
  ports: ReadPorts,
) {
  const isOwnOnly = principal.scope === 'own';
  if (isOwnOnly && filter.userId !== undefined && filter.userId !== principal.userId) {
    return { items: [] };
  }
  const userId = isOwnOnly ? principal.userId : filter.userId;
  const found = await ports.orders.list({ ...filter, userId }, page);
  const items = await orderViews(found.items, ports.products, isStaff(principal.role));
  return pageBody({ items, ...(found.next ? { next: found.next } : {}) });
}

/** @throws Problem not_found */
export async function showCheckout(principal: Principal, orderId: string, ports: ReadPorts) {
  await findOrder(principal, orderId, ports.orders);
  const run = await ports.checkouts.describe(orderId);
  if (!run) {
    throw new Problem('not_found', 'The checkout of this order has not started yet.');
  }
  return run;
}
