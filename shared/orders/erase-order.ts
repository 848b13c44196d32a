import { isDeepStrictEqual } from 'node:util';
import { type AuditEntry, erasedWhere } from '../audit/audit-entry.ts';
import { failureCodes, type Order, orderSchema, paymentInfoSchema } from './order.ts';

const erased = 'erased';

/** What stays is listed, so that a field that comes new is erased until somebody decides otherwise. */
const keptOfOrder = orderSchema.strip().pick({
  orderId: true,
  userId: true,
  status: true,
  items: true,
  pricing: true,
  currency: true,
  exchange: true,
  allowPartial: true,
  promotion: true,
  flags: true,
  // They name countries and numbers, and what the staff decided by.
  fraudReasons: true,
  allocation: true,
  failure: true,
  reversing: true,
  timeline: true,
  createdAt: true,
  version: true,
});
const keptOfPayment = paymentInfoSchema
  .strip()
  .pick({ provider: true, paymentId: true, attempts: true, refunded: true, disputed: true });

/**
 * What stays of an order when its customer's account is erased: what was sold for how much, under the user's
 * opaque id. Address, payment method, where it was placed from and all free text go.
 */
export function withoutPersonalData(order: Order, at: string): Order {
  const { review, cancel, repair } = order;
  return {
    ...keptOfOrder.parse(order),
    paymentMethod: { token: erased, brand: erased, last4: erased },
    paymentInfo: keptOfPayment.parse(order.paymentInfo),
    ...(review ? { review: { ...review, reason: erased } } : {}),
    ...(cancel ? { cancel: { ...cancel, ...(cancel.reason === undefined ? {} : { reason: erased }) } } : {}),
    // Whoever repairs it needs the step; a vendor's message may quote what it was sent.
    ...(repair ? { repair: repair.map((mark) => ({ ...mark, error: erased })) } : {}),
    auditLogs: order.auditLogs.map((entry) => withoutPersonalTrace(entry, order.userId)),
    placedFrom: erasedWhere,
    personalDataErasedAt: at,
    updatedAt: at,
  };
}

/** Whether there is nothing left to erase. The mark alone does not say so: a step may have written after it. */
export function isErased(order: Order): boolean {
  const { personalDataErasedAt, updatedAt } = order;
  if (personalDataErasedAt === undefined) return false;
  return isDeepStrictEqual(order, { ...withoutPersonalData(order, personalDataErasedAt), updatedAt });
}

/**
 * An entry about an order without what it tells of the customer. A member of staff did what they did from where
 * they did it; what a person wrote about the order is free text, and may name the customer.
 */
export function withoutPersonalTrace(entry: AuditEntry, customerId: string): AuditEntry {
  const isByStaff = entry.actor.id !== customerId && entry.actor.role !== 'System';
  // The workflow quotes the reason of a cancellation; its own reasons are codes.
  const isCode = entry.actor.role === 'System' && failureCodes.some((code) => code === entry.reason);
  return {
    ...entry,
    ...(entry.where && !isByStaff ? { where: erasedWhere } : {}),
    ...(entry.reason !== undefined && !isCode ? { reason: erased } : {}),
  };
}

/** What somebody writes about an order now: nothing that could name an erased customer is kept. */
export function keptText<T extends string | undefined>(order: Order, text: T): T | typeof erased {
  return text !== undefined && order.personalDataErasedAt !== undefined ? erased : text;
}
