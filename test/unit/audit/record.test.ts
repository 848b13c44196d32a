import { expect, test } from 'vitest';
import { record } from '../../../lambdas/audit/record.ts';
import type { AuditEntry } from '../../../shared/audit/audit-entry.ts';
import { withStep } from '../../../shared/orders/order-changes.ts';
import { anOrder } from '../../support/builders/order.ts';

const at = new Date('2026-03-01T12:00:00.000Z');

test('with the end of an order goes every step of the workflow that may not have been appended', async () => {
  const onHold = withStep(anOrder(), 'OnHold', 'order.on_hold', at);
  const paid = withStep(onHold, 'Paid', 'order.paid', at);
  const appended: AuditEntry[] = [];
  const trail = { append: async (entry: AuditEntry) => void appended.push(entry) };

  await record({ find: async () => paid }, trail)({ orderId: paid.orderId, action: 'order.paid' });

  expect(appended.map(({ action }) => action)).toEqual(['order.on_hold', 'order.paid']);
});

test('an order that mirrors no such end is an error', async () => {
  const order = anOrder();
  const trail = { append: async () => undefined };

  const recording = record(
    { find: async () => order },
    trail,
  )({ orderId: order.orderId, action: 'order.paid' });

  await expect(recording).rejects.toThrow('mirrors no entry order.paid');
});
