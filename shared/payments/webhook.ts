import { Problem } from '../api/problem.ts';
import type { Clock } from '../effects.ts';
import { logger } from '../observability/logger.ts';
import { type OnceStore, once } from '../workflow/once.ts';
import { EventRefusedError, type ReadPaymentEvent } from './payment-provider.ts';
import type { Reconciliation } from './reconcile-payment.ts';

export interface WebhookPorts {
  readonly readEvent: ReadPaymentEvent;
  readonly reconcile: (paymentId: string) => Promise<Reconciliation>;
  readonly once: OnceStore;
  readonly clock: Clock;
}

/**
 * A signed delivery of the provider. Its event is a hint that a payment may have changed: the payment is read and
 * acted on as it is, so that late, repeated and unordered deliveries do no harm. The note that an event was dealt
 * with only saves work; it outlives the days for which the provider repeats a delivery.
 * @throws Problem validation_failed when the signature is not the provider's, or older than the replay window ·
 *   TransientError when the payment cannot be looked at now: the provider delivers again
 */
export async function receivePaymentEvent(
  { rawBody, signature }: { rawBody: string; signature: string },
  ports: WebhookPorts,
): Promise<void> {
  const { eventId, type, paymentId } = await authentic(ports.readEvent(rawBody, signature));
  if (paymentId === undefined) return;
  await once(
    ports.once,
    `PAYMENT_EVENT#${eventId}`,
    () => ports.clock.now(),
    async () => {
      const { orderId, reconciled } = await ports.reconcile(paymentId);
      logger.info('payment event', { eventId, type, paymentId, orderId, reconciled });
    },
  );
}

async function authentic<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof EventRefusedError)) throw error;
    throw new Problem('validation_failed', 'The delivery is not signed as it must be.', {
      errors: [{ path: '/header/stripe-signature', message: 'is not valid for this body, or too old' }],
      cause: error,
    });
  }
}
