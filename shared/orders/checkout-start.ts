import type { CheckoutStart } from './checkout-runs.ts';
import type { Order } from './order.ts';

/** Follows from the order as it was placed, since a second start must bring the very same input. */
export function checkoutOf({ orderId, userId, items, address, auditLogs }: Order): CheckoutStart {
  const productIds = items.map((item) => item.productId);
  const requestId = auditLogs.find(({ action }) => action === 'order.created')?.requestId;
  return {
    orderId,
    userId,
    productIds,
    fillFromProfile: address === undefined,
    ...(requestId === undefined ? {} : { requestId }),
  };
}
