import { type PaymentReference, RefundRefusedError } from '../../payments/payment-provider.ts';
import { callTimeouts } from './client.ts';
import { isRefusal } from './faults.ts';
import { keyOf, knownIntent } from './intents.ts';
import type { StripeSession } from './session.ts';

/** After so many refunds that the card's bank sent back, somebody has to find another way to the customer. */
const mostFailures = 3;

/**
 * Gives back what is left of a captured payment. Stripe itself refunds no more than was taken, so that no key has
 * to keep a repetition from it.
 * @throws RefundRefusedError
 */
export async function refund(session: StripeSession, payment: PaymentReference): Promise<void> {
  const { stripe, unique } = session;
  const { orderId } = payment;
  const { id } = await knownIntent(session, payment);
  await refuseAfterFailures(session, id);
  try {
    // Without an amount it is all that is left, so that what staff have refunded already is not paid twice.
    const { status } = await session.call(
      'refund the payment',
      (options) =>
        stripe.refunds.create(
          { payment_intent: id, reason: 'requested_by_customer', metadata: { orderId } },
          { ...options, idempotencyKey: keyOf(orderId, id, 'refund', unique()) },
        ),
      callTimeouts.confirm,
    );
    if (status === 'failed' || status === 'canceled') {
      throw new RefundRefusedError(`The refund of payment ${id} has ${status}`);
    }
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (error.code === 'charge_already_refunded') return;
    throw new RefundRefusedError(`Stripe does not refund payment ${id}: ${error.code ?? error.type}`);
  }
}

async function refuseAfterFailures({ stripe, ask }: StripeSession, id: string): Promise<void> {
  const { data } = await ask('list the refunds', (options) =>
    stripe.refunds.list({ payment_intent: id, limit: 100 }, options),
  );
  const failures = data.filter(({ status }) => status === 'failed').length;
  if (failures < mostFailures) return;
  throw new RefundRefusedError(`The bank has sent ${failures} refunds of payment ${id} back`);
}
