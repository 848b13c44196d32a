import { type Order, orderSchema } from '../../../shared/orders/order.ts';
import { anAddress } from './user.ts';

const at = '2026-03-01T12:00:00.000Z';

/** One line of an order, at 10.00 USD. */
export function anItem(overrides: Partial<Order['items'][number]> = {}): Order['items'][number] {
  return {
    productId: 'mug',
    name: 'Enamel mug',
    category: 'kitchen',
    quantity: 2,
    unitPrice: { amount: 1000, currency: 'USD' },
    allocated: 0,
    status: 'pending',
    ...overrides,
  };
}

/** An order as it has just been placed; through the schema, so that no test invents an impossible record. */
export function anOrder(overrides: Partial<Order> = {}): Order {
  const items = overrides.items ?? [anItem()];
  const amount = items.reduce((total, item) => total + item.unitPrice.amount * item.quantity, 0);
  const orderId = overrides.orderId ?? '01KJMH4G00RDERAAAAAAAAAAAA';
  return orderSchema.parse({
    orderId,
    userId: 'user-1',
    status: 'Pending',
    items,
    pricing: {
      subtotal: { amount, currency: 'USD' },
      discount: { amount: 0, currency: 'USD' },
      total: { amount, currency: 'USD' },
    },
    currency: 'USD',
    allowPartial: false,
    address: anAddress(),
    paymentMethod: { token: 'pm_card_visa', brand: 'visa', last4: '4242' },
    paymentInfo: { provider: 'sandbox', brand: 'visa', last4: '4242', attempts: 0 },
    flags: { partialFulfillment: false, fraudFlag: false, lowStock: [] },
    timeline: [{ status: 'Pending', at, by: 'customer' }],
    auditLogs: [
      {
        entryId: `${orderId}-created`,
        action: 'order.created',
        entity: { type: 'order', id: orderId },
        actor: { id: 'user-1', role: 'Customer' },
        at,
      },
    ],
    placedFrom: { ip: '203.0.113.7', region: 'US', device: 'test' },
    createdAt: at,
    updatedAt: at,
    version: 1,
    ...overrides,
  });
}
