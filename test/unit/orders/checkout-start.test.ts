import { expect, it } from 'vitest';
import { checkoutOf } from '../../../shared/orders/checkout-start.ts';
import { withStep } from '../../../shared/orders/order-changes.ts';
import { anOrder } from '../../support/builders/order.ts';

const placed = anOrder();
const [entry] = placed.auditLogs;

it('a checkout is told which request placed its order, the same on every start', () => {
  const order = entry ? { ...placed, auditLogs: [{ ...entry, requestId: 'request-1' }] } : placed;
  const later = withStep(
    order,
    'AwaitingProfile',
    'order.awaiting_profile',
    new Date('2026-03-01T13:00:00Z'),
  );
  expect(checkoutOf(order)).toMatchObject({ orderId: order.orderId, requestId: 'request-1' });
  expect(checkoutOf(later)).toEqual(checkoutOf(order));
});

it('a checkout of an order that does not know its request is told none', () => {
  expect(checkoutOf(placed)).not.toHaveProperty('requestId');
});
