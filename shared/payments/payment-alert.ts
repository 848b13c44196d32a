import type { AuditEntry } from '../audit/audit-entry.ts';

/** Of audit entries that tell what became of a payment at the provider: the staff are alerted of each. */
export const toldActions = 'payment.';

/** Alerts that no entry tells of: each is of a payment, by its id at the provider. */
const ofPayments = ['wrong_amount', 'refund_refused'] as const;
export type AlertOfPayment = (typeof ofPayments)[number];

/** One alert, whoever tells it again. By the entry, as the same may happen again: a refund that was sent back is made once more. */
export const entryAlertId = (orderId: string, { action, entryId }: Pick<AuditEntry, 'action' | 'entryId'>) =>
  `${orderId}#${action}#${entryId}`;

export const paymentAlertId = (orderId: string, event: AlertOfPayment, paymentId: string) =>
  `${orderId}#${event}#${paymentId}`;

/**
 * Ids of all alerts that an order's trail and the record of its payment give rise to. Alerts of a payment that our
 * record never knew, as one of a wrong amount that only named the order, are not among them: nothing here has its id.
 */
export function paymentAlertIds(
  orderId: string,
  trail: readonly AuditEntry[],
  paymentId: string | undefined,
): string[] {
  const told = trail.filter(({ action }) => action.startsWith(toldActions));
  return [
    ...told.map((entry) => entryAlertId(orderId, entry)),
    ...(paymentId === undefined ? [] : ofPayments.map((event) => paymentAlertId(orderId, event, paymentId))),
  ];
}
