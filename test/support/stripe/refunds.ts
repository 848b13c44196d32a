import type Stripe from 'stripe';
import { type Books, emit, nextId, StripeRefusal, seconds } from './account.ts';
import { type Form, hashField, textField } from './form.ts';
import { chargeOf, findIntent } from './intents.ts';
import { methodBehaviour } from './methods.ts';
import { newRefund } from './objects.ts';

const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;

/** Refunds what is left of a captured payment, or the amount that is named. */
export function createRefund(books: Books, form: Form): Stripe.Refund {
  const charge = chargeOf(books, findIntent(books, textField(form, 'payment_intent') ?? ''));
  const left = charge.amount_captured - charge.amount_refunded;
  if (!charge.captured) throw refused('charge_not_refundable', `Charge ${charge.id} is not captured`);
  if (charge.disputed) throw refused('charge_disputed', `Charge ${charge.id} has been charged back`);
  if (left === 0) throw refused('charge_already_refunded', `Charge ${charge.id} has been refunded`);
  const amount = Number(textField(form, 'amount') ?? left);
  if (!Number.isSafeInteger(amount) || amount <= 0 || amount > left) {
    throw refused('charge_invalid_parameter', 'Refund amount is greater than what is left');
  }
  const behaviour = methodBehaviour(charge.payment_method ?? '');
  const refund = newRefund(charge, {
    id: nextId(books, 're'),
    created: seconds(books),
    amount,
    status: behaviour?.refund === 'pends' ? 'pending' : 'succeeded',
    reason: reasons.find((known) => known === textField(form, 'reason')) ?? null,
    metadata: hashField(form, 'metadata'),
  });
  books.account.refunds[refund.id] = refund;
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount_captured;
  emit(books, 'refund.created', refund);
  emit(books, 'charge.refunded', charge);
  return refund;
}

/** What the bank says of a refund some days later: `failed` puts the money back into our balance. */
export function settleRefund(books: Books, id: string, status: 'succeeded' | 'failed'): Stripe.Refund {
  const refund = books.account.refunds[id];
  if (!refund) throw new Error(`there is no refund ${id}`);
  const charge = typeof refund.charge === 'string' ? books.account.charges[refund.charge] : undefined;
  if (!charge) throw new Error(`refund ${id} has no charge`);
  if (status === 'failed' && refund.status !== 'failed') {
    charge.amount_refunded -= refund.amount;
    charge.refunded = false;
  }
  refund.status = status;
  emit(books, 'refund.updated', refund);
  if (status === 'failed') emit(books, 'refund.failed', refund);
  return refund;
}

/** The cardholder disputes the payment: the money is taken from our balance at once. */
export function openDispute(books: Books, intentId: string): void {
  const charge = chargeOf(books, findIntent(books, intentId));
  charge.disputed = true;
  const dispute = {
    id: nextId(books, 'du'),
    object: 'dispute' as const,
    amount: charge.amount_captured,
    charge: charge.id,
    payment_intent: intentId,
    currency: charge.currency,
    created: seconds(books),
    reason: 'fraudulent',
    status: 'needs_response' as const,
  };
  books.account.disputes[dispute.id] = dispute;
  emit(books, 'charge.dispute.created', dispute);
}

function refused(code: string, message: string): StripeRefusal {
  return new StripeRefusal(400, { type: 'invalid_request_error', code, message });
}
