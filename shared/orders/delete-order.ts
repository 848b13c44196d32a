import type { Effects } from '../effects.ts';
import { TransientError } from '../errors.ts';
import { type Author, invalidState, orderAuditEntry } from './order-changes.ts';
import type { OrderStore } from './order-store.ts';
import { findOrder } from './read-orders.ts';

export interface DeletePorts {
  readonly orders: OrderStore;
  readonly effects: Effects;
}

const attempts = 5;

/**
 * Deletes an order that came to nothing. Its audit trail stays, with an entry of the deletion.
 * @throws Problem not_found · invalid_state
 */
export async function deleteOrder(request: Author & { orderId: string }, ports: DeletePorts): Promise<void> {
  const { orderId, principal } = request;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const order = await findOrder(principal, orderId, ports.orders);
    const isOver = order.status === 'Failed' || order.status === 'Cancelled';
    // One with a mark may still hold money or stock: whoever repairs it needs to find it.
    if (!isOver || order.repair) throw invalidState(order, 'deleted');
    const { status, userId, pricing } = order;
    const act = { action: 'order.deleted', before: { status, userId, total: pricing.total } };
    if (await ports.orders.remove(order, orderAuditEntry(orderId, act, request, ports.effects))) return;
  }
  throw new TransientError(`Order ${orderId} keeps changing under its deletion`);
}
