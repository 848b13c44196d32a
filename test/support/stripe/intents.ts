import type Stripe from 'stripe';
import { type Books, emit, nextId, StripeRefusal, seconds } from './account.ts';
import { expectUsable, namedCustomer } from './customers.ts';
import { type Form, hashField, listField, textField } from './form.ts';
import { type MethodBehaviour, methodBehaviour } from './methods.ts';
import { newCharge, newIntent } from './objects.ts';

/** How long a card's authorization stands before Stripe lets it go. */
export const authorizationMilliseconds = 7 * 24 * 60 * 60 * 1000;

export function createIntent(books: Books, form: Form): Stripe.PaymentIntent {
  if (form.payment_method_types !== undefined) {
    throw invalid(
      'payment_method_types_no_longer_supported',
      'payment_method_types',
      'Since 2026-09-30 it is allowed_payment_method_types',
    );
  }
  const amount = Number(textField(form, 'amount'));
  if (!Number.isSafeInteger(amount) || amount <= 0) {
    throw invalid('parameter_invalid_integer', 'amount', 'Invalid positive integer');
  }
  if (amount > 99_999_999_99) throw invalid('amount_too_large', 'amount', 'Amount is too large');
  const intent = newIntent({
    id: nextId(books, 'pi'),
    amount,
    currency: textField(form, 'currency') ?? '',
    created: seconds(books),
    captureMethod: textField(form, 'capture_method') === 'manual' ? 'manual' : 'automatic',
    customer: namedCustomer(books, textField(form, 'customer')),
    setupFutureUsage: textField(form, 'setup_future_usage') === 'off_session' ? 'off_session' : null,
    methodTypes: listField(form, 'allowed_payment_method_types'),
    metadata: hashField(form, 'metadata'),
  });
  books.account.intents[intent.id] = intent;
  emit(books, 'payment_intent.created', intent);
  return textField(form, 'confirm') === 'true' ? confirmIntent(books, intent.id, form) : intent;
}

export function findIntent({ account }: Books, id: string): Stripe.PaymentIntent {
  const intent = account.intents[id];
  if (!intent) {
    throw new StripeRefusal(404, {
      type: 'invalid_request_error',
      code: 'resource_missing',
      message: `No such payment_intent: '${id}'`,
      param: 'intent',
    });
  }
  return intent;
}

export function confirmIntent(books: Books, id: string, form: Form): Stripe.PaymentIntent {
  const intent = findIntent(books, id);
  expectStatus(intent, ['requires_payment_method', 'requires_confirmation'], 'confirm');
  const paymentMethod = textField(form, 'payment_method') ?? '';
  const behaviour = methodBehaviour(paymentMethod);
  if (!behaviour) {
    throw invalid('resource_missing', 'payment_method', `No such PaymentMethod: '${paymentMethod}'`);
  }
  const customer = typeof intent.customer === 'string' ? intent.customer : null;
  expectUsable(books, paymentMethod, customer);
  const isKept = customer !== null && intent.setup_future_usage !== null;
  books.account.methods[paymentMethod] ??= isKept && behaviour.outcome === 'authorized' ? customer : null;
  if (behaviour.outcome === 'requires_action') {
    return requireAction(books, intent, textField(form, 'error_on_requires_action') === 'true');
  }
  const charge = newCharge(intent, behaviour, {
    id: nextId(books, 'ch'),
    created: seconds(books),
    paymentMethod,
  });
  books.account.charges[charge.id] = charge;
  intent.latest_charge = charge.id;
  if (behaviour.outcome !== 'authorized') return decline(books, intent, behaviour, charge);
  intent.payment_method = paymentMethod;
  intent.last_payment_error = null;
  intent.status = 'requires_capture';
  intent.amount_capturable = intent.amount;
  emit(books, 'charge.succeeded', charge);
  emit(books, 'payment_intent.amount_capturable_updated', intent);
  return intent.capture_method === 'manual' ? intent : captureIntent(books, id);
}

export function captureIntent(books: Books, id: string): Stripe.PaymentIntent {
  const intent = findIntent(books, id);
  expectStatus(intent, ['requires_capture'], 'capture');
  const charge = chargeOf(books, intent);
  charge.captured = true;
  charge.amount_captured = intent.amount;
  intent.status = 'succeeded';
  intent.amount_received = intent.amount;
  intent.amount_capturable = 0;
  emit(books, 'charge.captured', charge);
  emit(books, 'payment_intent.succeeded', intent);
  return intent;
}

export function cancelIntent(
  books: Books,
  id: string,
  reason: Stripe.PaymentIntent['cancellation_reason'] = null,
): Stripe.PaymentIntent {
  const intent = findIntent(books, id);
  expectStatus(
    intent,
    ['requires_payment_method', 'requires_confirmation', 'requires_action', 'requires_capture'],
    'cancel',
  );
  if (intent.status === 'requires_capture') {
    // Since 2025-03-31 a cancellation makes no refund of the charge.
    if (reason === 'automatic') emit(books, 'charge.expired', chargeOf(books, intent));
  }
  intent.status = 'canceled';
  intent.canceled_at = seconds(books);
  intent.cancellation_reason = reason;
  intent.amount_capturable = 0;
  emit(books, 'payment_intent.canceled', intent);
  return intent;
}

/** Lets go what no one captured in time, as Stripe does after seven days. */
export function expireAuthorizations(books: Books): void {
  for (const intent of Object.values(books.account.intents)) {
    const isOld = intent.created * 1000 + authorizationMilliseconds <= books.now();
    if (isOld && intent.status === 'requires_capture') cancelIntent(books, intent.id, 'automatic');
  }
}

export function chargeOf({ account }: Books, intent: Stripe.PaymentIntent): Stripe.Charge {
  const charge = typeof intent.latest_charge === 'string' ? account.charges[intent.latest_charge] : undefined;
  if (!charge) throw new Error(`${intent.id} has no charge`);
  return charge;
}

function decline(
  books: Books,
  intent: Stripe.PaymentIntent,
  { code = 'card_declined', declineCode }: MethodBehaviour,
  charge: Stripe.Charge,
): never {
  const error: Stripe.PaymentIntent.LastPaymentError = {
    type: 'card_error',
    code,
    message: 'Your card was declined.',
    charge: charge.id,
    ...(declineCode === undefined ? {} : { decline_code: declineCode }),
  };
  intent.last_payment_error = error;
  emit(books, 'charge.failed', charge);
  emit(books, 'payment_intent.payment_failed', intent);
  throw new StripeRefusal(402, { ...error, payment_intent: structuredClone(intent) });
}

function requireAction(books: Books, intent: Stripe.PaymentIntent, isError: boolean): Stripe.PaymentIntent {
  if (!isError) {
    intent.status = 'requires_action';
    emit(books, 'payment_intent.requires_action', intent);
    return intent;
  }
  const error: Stripe.PaymentIntent.LastPaymentError = {
    type: 'card_error',
    code: 'authentication_required',
    decline_code: 'authentication_required',
    message: 'Your card was declined. This transaction requires authentication.',
  };
  intent.last_payment_error = error;
  emit(books, 'payment_intent.payment_failed', intent);
  throw new StripeRefusal(402, { ...error, payment_intent: structuredClone(intent) });
}

function expectStatus(
  intent: Stripe.PaymentIntent,
  allowed: readonly Stripe.PaymentIntent['status'][],
  step: string,
): void {
  if (allowed.includes(intent.status)) return;
  throw new StripeRefusal(400, {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message: `You cannot ${step} this PaymentIntent because it has a status of ${intent.status}.`,
    payment_intent: structuredClone(intent),
  });
}

function invalid(code: string, param: string, message: string): StripeRefusal {
  return new StripeRefusal(400, { type: 'invalid_request_error', code, param, message });
}
