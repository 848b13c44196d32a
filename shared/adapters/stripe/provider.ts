import { TransientError } from '../../errors.ts';
import { logger } from '../../observability/logger.ts';
import {
  type AuthorizationRequest,
  CaptureRefusedError,
  type PaymentProvider,
  type PaymentReference,
} from '../../payments/payment-provider.ts';
import type { AuthorizationResult } from '../../payments/payment-record.ts';
import { AmountNotChargeableError } from './amounts.ts';
import { callTimeouts, type StripeClients, stepBudgets } from './client.ts';
import { asFinal, isRefusal, type Refusal } from './faults.ts';
import { cancel, createIntent, firstIntent, keyOf, knownIntent, retrieve } from './intents.ts';
import { refund } from './refunds.ts';
import { resultOf } from './result.ts';
import { openSession, type StripeEffects, type StripeSession } from './session.ts';

/**
 * Card payments at Stripe: one PaymentIntent an order, authorized at once and captured later. The intent's state
 * is what makes every step idempotent; the keys make a repetition cheap. docs/payments.md tells why.
 */
export function createStripeProvider(clients: StripeClients, effects: StripeEffects): PaymentProvider {
  const open = (step: keyof typeof stepBudgets) => openSession(clients, stepBudgets[step], effects);
  return {
    name: 'stripe',
    async authorize(request) {
      return authorize(await open('authorize'), request);
    },
    async capture(payment) {
      await capture(await open('capture'), payment);
    },
    async void(payment) {
      return voidPayment(await open('void'), payment);
    },
    async refund(payment) {
      await refund(await open('refund'), payment);
    },
  };
}

async function authorize(
  session: StripeSession,
  request: AuthorizationRequest,
): Promise<AuthorizationResult> {
  const { orderId, paymentMethod, attempt, customerId } = request;
  const isRepetition = attempt > 1;
  const created = await createdIfChargeable(session, request);
  if (!created) return { status: 'declined' };
  const { id } = isRepetition ? await firstIntent(session, created, request) : created;
  const former = isRepetition ? resultOf(await retrieve(session, id)) : undefined;
  if (former) return former;
  try {
    const confirmed = await session.call(
      'authorize the payment',
      (options) =>
        session.stripe.paymentIntents.confirm(
          id,
          {
            payment_method: paymentMethod,
            // The customer is not there to answer the bank, and may not have been for a day.
            error_on_requires_action: true,
            expand: ['latest_charge'],
          },
          // By attempt: Stripe repeats even a 500 under its key. The intent itself is authorized once at most.
          { ...options, idempotencyKey: keyOf(orderId, 'confirm', String(attempt)) },
        ),
      callTimeouts.confirm,
    );
    return resultOf(confirmed) ?? undecided(id);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const decided = resultOf(await retrieve(session, id));
    if (decided) return decided;
    // A method that does not exist, fit, or may not be used again: whatever it is, this card was not charged.
    const { code = error.type, param = '-' } = error;
    logger.warn('Stripe did not ask the card', { code, param, hasCustomer: customerId !== undefined });
    return { status: 'declined', paymentId: id };
  }
}

/** Undefined where Stripe's bounds are against the amount: no card could pay it. */
async function createdIfChargeable(session: StripeSession, request: AuthorizationRequest) {
  try {
    return await createIntent(session, request);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (isOutOfBounds(error)) return undefined;
    throw asFinal('create the payment', error);
  }
}

function isOutOfBounds({ code }: Refusal): boolean {
  return code === 'amount_too_small' || code === 'amount_too_large';
}

function undecided(paymentId: string): never {
  throw new TransientError(`Stripe has not decided on payment ${paymentId}`);
}

async function capture(session: StripeSession, payment: PaymentReference): Promise<void> {
  const { orderId } = payment;
  const id = payment.paymentId ?? (await knownIntent(session, payment)).id;
  try {
    await session.call(
      'capture the payment',
      (options) =>
        session.stripe.paymentIntents.capture(
          id,
          {},
          { ...options, idempotencyKey: keyOf(orderId, id, 'capture', session.unique()) },
        ),
      callTimeouts.confirm,
    );
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { status } = await retrieve(session, id);
    // A former capture whose answer was lost, or staff in the dashboard.
    if (status === 'succeeded') return;
    if (status === 'processing') throw new TransientError(`Stripe is still at payment ${id}`);
    throw new CaptureRefusedError(`Stripe does not capture payment ${id}, which is ${status}`);
  }
}

async function voidPayment(
  session: StripeSession,
  payment: PaymentReference,
): Promise<'voided' | 'nothing' | 'captured'> {
  const intent = await intentToVoid(session, payment);
  if (!intent) return 'nothing';
  if (intent.status === 'succeeded') return 'captured';
  if (intent.status === 'canceled') return 'voided';
  try {
    await cancel(session, payment.orderId, intent.id);
    // Even where nothing was reserved: a confirmation that is still under way meets a canceled intent.
    return intent.status === 'requires_capture' ? 'voided' : 'nothing';
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const { status } = await retrieve(session, intent.id);
    if (status === 'succeeded') return 'captured';
    if (status === 'canceled') return 'voided';
    throw new TransientError(`Payment ${intent.id} cannot be canceled while it is ${status}`);
  }
}

/** Undefined where the creation itself is refused, for its amount say: then nothing can have been reserved. */
async function intentToVoid(session: StripeSession, payment: PaymentReference) {
  try {
    return await knownIntent(session, payment);
  } catch (error) {
    const isNeverTaken = error instanceof AmountNotChargeableError || isRefusal(error);
    if (isNeverTaken && payment.paymentId === undefined) return undefined;
    throw error;
  }
}
