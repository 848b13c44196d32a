import type { StripeAccount } from './account.ts';

/** What Stripe did with an order's money, in Stripe's minor units. */
export interface LedgerLine {
  /** How often the card said yes. */
  readonly authorizations: number;
  /** Still reserved on the card. */
  readonly held: number;
  /** Ever taken. */
  readonly captured: number;
  readonly refunded: number;
  /** Reserved once, and let go without being taken. */
  readonly canceled: number;
  /** Taken and not given back. */
  readonly net: number;
}

/** Sums the payment intents that carry the order's id in their metadata, or one intent. */
export function ledgerOf(account: StripeAccount, of: { orderId: string } | { intentId: string }): LedgerLine {
  const intents = Object.values(account.intents).filter((intent) =>
    'orderId' in of ? intent.metadata.orderId === of.orderId : intent.id === of.intentId,
  );
  const ids = new Set(intents.map((intent) => intent.id));
  const charges = Object.values(account.charges).filter(
    (charge) => charge.paid && typeof charge.payment_intent === 'string' && ids.has(charge.payment_intent),
  );
  const canceledIds = new Set<unknown>(
    intents.filter((intent) => intent.status === 'canceled').map((intent) => intent.id),
  );
  const add = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const captured = add(charges.map((charge) => charge.amount_captured));
  const refunded = add(charges.map((charge) => charge.amount_refunded));
  return {
    authorizations: charges.length,
    held: add(intents.map((intent) => intent.amount_capturable)),
    captured,
    refunded,
    canceled: add(charges.map((charge) => (canceledIds.has(charge.payment_intent) ? charge.amount : 0))),
    net: captured - refunded,
  };
}
