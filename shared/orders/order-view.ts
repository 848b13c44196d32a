import type { ProductReader } from '../catalogue/product-store.ts';
import { type ProductView, productView } from '../catalogue/product-view.ts';
import type { Order } from './order.ts';
import type { OrderView } from './order-schemas.ts';

/** The contract's Order of each record; alternatives of failed orders are read once for all of them. */
export async function orderViews(
  orders: readonly Order[],
  products: Pick<ProductReader, 'findMany'>,
  staff: boolean,
): Promise<OrderView[]> {
  const ids = new Set(orders.flatMap((order) => order.failure?.alternativeIds ?? []));
  const known = ids.size > 0 ? await products.findMany([...ids]) : new Map();
  return orders.map((order) => {
    const alternatives = (order.failure?.alternativeIds ?? []).flatMap((id) => {
      const product = known.get(id);
      const shown =
        product &&
        !product.archived &&
        productView(product, { currency: order.currency, rates: order.exchange });
      return shown ? [shown] : [];
    });
    return view(order, alternatives, staff);
  });
}

/** The contract's Order of a record that is not failed. */
export function freshOrderView(order: Order): OrderView {
  return view(order, [], false);
}

function view(order: Order, alternatives: ProductView[], staff: boolean): OrderView {
  const { failure, promotion } = order;
  return {
    orderId: order.orderId,
    userId: order.userId,
    status: order.status,
    items: order.items,
    pricing: order.pricing,
    currency: order.currency,
    ...(order.exchange ? { exchange: order.exchange } : {}),
    ...(promotion ? { promoCode: promotion.code } : {}),
    ...(order.address ? { address: order.address } : {}),
    paymentInfo: order.paymentInfo,
    flags: order.flags,
    ...(failure ? { failure: failureView(failure, alternatives) } : {}),
    timeline: order.timeline,
    ...(staff && order.fraudReasons ? { fraudReasons: order.fraudReasons } : {}),
    ...(staff ? { auditLogs: order.auditLogs } : {}),
    createdAt: order.createdAt,
    updatedAt: order.updatedAt,
    version: order.version,
  };
}

function failureView({ code, message }: NonNullable<Order['failure']>, alternatives: ProductView[]) {
  return { code, message, ...(code === 'out_of_stock' ? { alternatives } : {}) };
}
