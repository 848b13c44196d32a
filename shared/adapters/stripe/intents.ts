import type Stripe from 'stripe';
import { FinalError, TransientError } from '../../errors.ts';
import { logger } from '../../observability/logger.ts';
import type { PaymentReference } from '../../payments/payment-provider.ts';
import { toStripeAmount } from './amounts.ts';
import { isRefusal, KeptFailureError } from './faults.ts';
import type { StripeSession } from './session.ts';

export const orderIdKey = 'orderId';

const expand = ['latest_charge'];

/** Stripe keeps a key for a day at least; an hour is for clocks that differ. */
const keptMilliseconds = 23 * 60 * 60 * 1000;

/** How many keys a creation has: it moves on from one whose failure Stripe keeps. */
const creationKeys = ['create', 'create:2', 'create:3'] as const;

/** The idempotency key of a step; Stripe keeps it for a day at least. */
export function keyOf(orderId: string, ...step: readonly string[]): string {
  return ['order', orderId, ...step].join(':');
}

/** The intent as it stands now, with its charge. @throws StripeRefusedError */
export function retrieve({ stripe, ask }: StripeSession, paymentId: string): Promise<Stripe.PaymentIntent> {
  return ask('read the payment', (options) => stripe.paymentIntents.retrieve(paymentId, { expand }, options));
}

/**
 * What the order's intent follows from. Whoever has lost the answer, an undo too, knows as much from the payment
 * record and asks for the same.
 */
export type IntentRequest = Omit<PaymentReference, 'paymentId'>;

/**
 * The order's one intent, made at the first call. Creating is apart from confirming so that it moves no money and
 * needs nothing but what our record has: whoever asks again under the same key gets the same intent. Its status is
 * that of its first moment. A refusal goes through as it is.
 *
 * A 500 that Stripe keeps under the key is told to everybody who asks under it. So everybody moves on to the same
 * next key, and to the same intent there; what the failed request may have left at Stripe nobody knows of, and no
 * card was asked for it.
 */
export async function createIntent(
  session: StripeSession,
  { customerId, ...request }: IntentRequest,
): Promise<Stripe.PaymentIntent> {
  try {
    return await createUnder(creationKeys, session, { ...request, customerId });
  } catch (error) {
    if (customerId === undefined || !isCustomerGone(error)) throw error;
    // Deleted, or of another account. All who ask meet it, and go on without.
    logger.error('the customer of a user is gone at Stripe: their cards pay once', { customerId });
    return createUnder(['create:alone'], session, request);
  }
}

function isCustomerGone(error: unknown): boolean {
  return isRefusal(error) && error.code === 'resource_missing' && error.param === 'customer';
}

async function createUnder(
  keys: readonly string[],
  { stripe, call }: StripeSession,
  { orderId, amount, customerId }: IntentRequest,
): Promise<Stripe.PaymentIntent> {
  const parameters: Stripe.PaymentIntentCreateParams = {
    amount: toStripeAmount(amount),
    currency: amount.currency.toLowerCase(),
    capture_method: 'manual',
    // Cards alone, as nobody is there to be sent elsewhere; wallets on phones pay as cards do.
    allowed_payment_method_types: ['card'],
    // A card that is not kept with a Customer pays once and never again.
    ...(customerId === undefined ? {} : { customer: customerId, setup_future_usage: 'off_session' }),
    metadata: { [orderIdKey]: orderId },
  };
  let failure: unknown;
  for (const step of keys) {
    try {
      return await call('create the payment', (options) =>
        stripe.paymentIntents.create(parameters, { ...options, idempotencyKey: keyOf(orderId, step) }),
      );
    } catch (error) {
      if (!(error instanceof KeptFailureError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/**
 * The intent that an order really has. Stripe forgets a key after a day, and a later repetition makes a second
 * intent: one that is so young that it may be such a second is looked at beside those that a search by metadata
 * finds, the one that was used is gone on with, and the others are canceled. The intent's own age tells, so that
 * a repetition which broke off in between leaves nothing to be mistaken.
 */
export async function firstIntent(
  session: StripeSession,
  created: Stripe.PaymentIntent,
  { orderId, firstAttemptAt }: IntentRequest,
): Promise<Stripe.PaymentIntent> {
  const isCertain =
    firstAttemptAt !== undefined && created.created * 1000 < Date.parse(firstAttemptAt) + keptMilliseconds;
  if (isCertain) return created;
  const { data } = await session.ask('search the payment', (options) =>
    session.stripe.paymentIntents.search({ query: `metadata['${orderIdKey}']:'${orderId}'` }, options),
  );
  const others = data.filter((intent) => intent.id !== created.id).sort(usedFirst);
  const [former, ...rest] = others;
  if (!former) return created;
  for (const { id } of [created, ...rest]) await letGo(session, orderId, id);
  return former;
}

/** The intent of a payment, with its charge, also where its id has not reached us. A refused creation goes through. */
export async function knownIntent(
  session: StripeSession,
  payment: PaymentReference,
): Promise<Stripe.PaymentIntent> {
  const { orderId, paymentId } = payment;
  if (paymentId === undefined) {
    const created = await createIntent(session, payment);
    return retrieve(session, (await firstIntent(session, created, payment)).id);
  }
  const intent = await retrieve(session, paymentId);
  if (intent.metadata[orderIdKey] !== orderId) {
    throw new FinalError(`Payment ${paymentId} does not belong to order ${orderId}`);
  }
  return intent;
}

/** Cancels the intent; the intent is canceled once, whatever the keys. A refusal goes through as it is. */
export function cancel(
  { stripe, call, unique }: StripeSession,
  orderId: string,
  id: string,
): Promise<Stripe.PaymentIntent> {
  return call('cancel the payment', (options) =>
    stripe.paymentIntents.cancel(
      id,
      {},
      { ...options, idempotencyKey: keyOf(orderId, id, 'cancel', unique()) },
    ),
  );
}

/** An intent that the order does not use. */
async function letGo(session: StripeSession, orderId: string, id: string): Promise<void> {
  const { status } = await retrieve(session, id);
  if (status === 'canceled') return;
  if (status === 'succeeded')
    throw new FinalError(`Order ${orderId} has paid by ${id} and by another payment`);
  try {
    await cancel(session, orderId, id);
  } catch (error) {
    throw isRefusal(error) ? new TransientError(`Payment ${id} has moved on meanwhile`) : error;
  }
}

function usedFirst(one: Stripe.PaymentIntent, other: Stripe.PaymentIntent): number {
  return rank(one) - rank(other) || one.created - other.created;
}

function rank({ status, latest_charge, last_payment_error }: Stripe.PaymentIntent): number {
  if (status === 'requires_capture' || status === 'succeeded' || status === 'processing') return 0;
  if (status === 'canceled') return 3;
  return latest_charge === null && last_payment_error === null ? 2 : 1;
}
