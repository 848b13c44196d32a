import { expect, it } from 'vitest';
import { heldOrders } from '../../../shared/orders/held-orders.ts';
import type { Order } from '../../../shared/orders/order.ts';
import { anOrder } from '../../support/builders/order.ts';

const now = new Date('2026-03-01T15:00:00.000Z');
const at = (time: string) => `2026-03-01T${time}:00.000Z`;

function held(orderId: string, since: string): Order {
  const timeline = [
    { status: 'Pending' as const, at: at('12:00'), by: 'customer' },
    { status: 'OnHold' as const, at: at(since), by: 'system' },
  ];
  return anOrder({ orderId, status: 'OnHold', timeline });
}

const look = (...orders: Order[]) =>
  heldOrders(
    { onHold: async () => orders.map(({ orderId }) => orderId) },
    { find: async (id) => orders.find(({ orderId }) => orderId === id) },
    now,
  );

it('orders on hold are counted, and the first one’s wait is taken from when it was held', async () => {
  expect(await look(held('order-1', '14:00'), held('order-2', '14:30'))).toEqual({
    count: 2,
    oldestSeconds: 3600,
  });
});

it('nothing on hold waits no time', async () => {
  expect(await look()).toEqual({ count: 0, oldestSeconds: 0 });
});

it('an order that has been decided between the two reads waits no time either', async () => {
  const decided = anOrder({ orderId: 'order-1', status: 'Paid' });
  expect(await look(decided)).toEqual({ count: 1, oldestSeconds: 0 });
});
