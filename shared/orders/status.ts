import * as z from 'zod';

export const orderStatuses = [
  'Pending',
  'AwaitingProfile',
  'OnHold',
  'Paid',
  'Shipped',
  'Delivered',
  'Failed',
  'Cancelled',
  'Refunded',
] as const;
export const orderStatusSchema = z.enum(orderStatuses);
export type OrderStatus = z.infer<typeof orderStatusSchema>;

/**
 * Where an order may go from where it is. Paid → Failed is the workflow alone: it takes a charge back whose
 * stock could not be sold.
 */
export const transitions: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  Pending: ['AwaitingProfile', 'OnHold', 'Paid', 'Failed', 'Cancelled'],
  AwaitingProfile: ['Pending', 'Failed', 'Cancelled'],
  OnHold: ['Paid', 'Failed', 'Cancelled'],
  Paid: ['Shipped', 'Failed', 'Cancelled'],
  Shipped: ['Delivered', 'Refunded'],
  Delivered: ['Refunded'],
  Failed: [],
  Cancelled: [],
  Refunded: [],
};

export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return transitions[from].includes(to);
}
