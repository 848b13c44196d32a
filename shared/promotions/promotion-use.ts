import type { Order } from '../orders/order.ts';

/**
 * Whether the order has a use of a code to give back: it ended without a sale, or it was allocated so little that
 * it fell below the minimum and has no discount. Whoever saves such an order gives the use back with it.
 */
export function isUseDue({ promotion, status, allocation, pricing }: Order): boolean {
  if (!promotion || promotion.released) return false;
  const isEnded = status === 'Failed' || status === 'Cancelled';
  const isAllocated = allocation === 'allocated' || allocation === 'partial';
  return isEnded || (isAllocated && pricing.discount.amount === 0);
}
