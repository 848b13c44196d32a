import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Product } from '../../shared/catalogue/product.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { OrderStore, PlacedRequest, PlacementKey } from '../../shared/orders/order-store.ts';
import type { PaymentRecord } from '../../shared/payments/payment-record.ts';

const keyOf = ({ userId, key }: PlacementKey) => `${userId}#${key}`;

/** Orders in memory, under the same rules of version and key as the real store. */
export function memoryOrders(...orders: Order[]) {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const placed = new Map<string, PlacedRequest>();
  const audit: AuditEntry[] = [];
  const counted: { userId: string; delta: number }[] = [];
  const waiting = new Map<string, readonly string[]>();
  const payments = new Map<string, PaymentRecord>();
  const save = async (order: Order) => {
    if (byId.get(order.orderId)?.version !== order.version) return false;
    byId.set(order.orderId, { ...order, version: order.version + 1 });
    return true;
  };
  const store: OrderStore = {
    async place(order, key, request, entry) {
      const former = placed.get(keyOf(key));
      if (former) return former;
      placed.set(keyOf(key), request);
      byId.set(order.orderId, order);
      audit.push(entry);
      return undefined;
    },
    findPlaced: async (key) => placed.get(keyOf(key)),
    find: async (orderId) => byId.get(orderId),
    async findWithPayment(orderId) {
      const order = byId.get(orderId);
      return order && { order, payment: payments.get(orderId) };
    },
    save,
    async saveTold(order) {
      const saved = await save(order);
      const [entry] = order.auditLogs;
      if (saved && entry) audit.push(entry);
      return saved;
    },
    async saveCounted(order, delta) {
      const saved = await save(order);
      if (saved) counted.push({ userId: order.userId, delta });
      return saved;
    },
    list: async () => ({ items: [...byId.values()] }),
    async saveWaiting(userId, orderId, token) {
      const key = `${userId}#${orderId}`;
      waiting.set(key, [...(waiting.get(key) ?? []), token]);
    },
    async removeWaiting(userId, orderId) {
      waiting.delete(`${userId}#${orderId}`);
    },
    findWaiting: async (userId, orderId) => waiting.get(`${userId}#${orderId}`) ?? [],
    async remove({ orderId, version }, entry) {
      if (byId.get(orderId)?.version !== version) return false;
      audit.push(entry);
      return byId.delete(orderId);
    },
  };
  return { store, byId, placed, audit, counted, waiting, payments };
}

/** Checkouts that only remember what was asked of them. */
export function memoryCheckouts() {
  const started: string[] = [];
  const resumed: { token: string; result: Readonly<Record<string, unknown>> }[] = [];
  return {
    started,
    resumed,
    runs: {
      start: async ({ orderId }: { orderId: string }) => {
        started.push(orderId);
      },
      describe: async () => undefined,
      resume: async (token: string, result: Readonly<Record<string, unknown>>) => {
        resumed.push({ token, result });
        return true;
      },
    },
  };
}

/** A catalogue of fixed products. */
export function memoryCatalogue(...products: Product[]) {
  const byId = new Map(products.map((product) => [product.productId, product]));
  return {
    find: async (id: string) => byId.get(id),
    findMany: async (ids: readonly string[]) => new Map([...byId].filter(([id]) => ids.includes(id))),
    alternatives: async (category: string, except: readonly string[], limit: number) =>
      products
        .filter((p) => p.category === category && p.availableCount > 0 && !except.includes(p.productId))
        .slice(0, limit),
  };
}
