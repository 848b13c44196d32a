import { type AuditEntry, erasedWhere } from '../audit/audit-entry.ts';
import type { Order } from './order.ts';

const erased = 'erased';

/**
 * What stays of an order when its customer's account is erased: what was sold for how much, under the user's
 * opaque id. Address, payment method, where it was placed from and all free text go.
 */
export function withoutPersonalData(order: Order, at: string): Order {
  const { address: _address, idempotencyKey: _key, reviewToken: _token, review, ...rest } = order;
  const { brand: _brand, last4: _last4, ...paymentInfo } = order.paymentInfo;
  return {
    ...rest,
    paymentMethod: { token: erased, brand: erased, last4: erased },
    paymentInfo,
    ...(review ? { review: { ...review, reason: erased } } : {}),
    auditLogs: order.auditLogs.map((entry) => withoutPersonalTrace(entry, order.userId)),
    placedFrom: erasedWhere,
    personalDataErasedAt: at,
    updatedAt: at,
  };
}

/**
 * An entry about an order without what it tells of the customer. A member of staff did what they did from where
 * they did it; what they wrote about the order is free text, and may name the customer.
 */
export function withoutPersonalTrace(entry: AuditEntry, customerId: string): AuditEntry {
  const isByStaff = entry.actor.id !== customerId && entry.actor.role !== 'System';
  const isFreeText = entry.reason !== undefined && entry.actor.role !== 'System';
  return {
    ...entry,
    ...(entry.where && !isByStaff ? { where: erasedWhere } : {}),
    ...(isFreeText ? { reason: erased } : {}),
  };
}
