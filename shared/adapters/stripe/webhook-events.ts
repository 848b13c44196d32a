import * as z from 'zod';
import {
  EventRefusedError,
  type PaymentEvent,
  type ReadPaymentEvent,
} from '../../payments/payment-provider.ts';
import { createStripe, type StripeSecret } from './client.ts';

/** How old a signature may be, in seconds: what is replayed later is refused. */
export const replayWindowSeconds = 300;

/** What can change how a payment of ours stands; the endpoint in Stripe is set up to send these. */
export const usedEventTypes: readonly string[] = [
  'payment_intent.amount_capturable_updated',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'charge.refunded',
  'refund.updated',
  'refund.failed',
  'charge.dispute.created',
];

/**
 * Reads deliveries of Stripe's webhook, signed by any of the endpoint's secrets.
 * @see https://docs.stripe.com/webhooks#verify-events
 */
export function createStripeEventReader(
  readSecret: () => Promise<StripeSecret>,
  now: () => Date,
): ReadPaymentEvent {
  // Nothing is sent with it, so that it needs no key.
  const { webhooks } = createStripe('sk_unused');
  return async (rawBody, signature) => {
    const { webhookSecrets } = await readSecret();
    const isSignedBy = (secret: string) => {
      try {
        webhooks.constructEvent(rawBody, signature, secret, replayWindowSeconds, undefined, now().getTime());
        return true;
      } catch {
        return false;
      }
    };
    if (!webhookSecrets.some(isSignedBy)) {
      throw new EventRefusedError('The signature is not of this endpoint, or too old');
    }
    return toPaymentEvent(JSON.parse(rawBody));
  };
}

const referenceSchema = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)]);

/** The members that we read of an event about an intent, a charge, a refund or a dispute. */
const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  data: z.object({
    object: z.union([
      z
        .object({ object: z.literal('payment_intent'), id: z.string() })
        .transform(({ id }): string | undefined => id),
      z
        .object({ payment_intent: referenceSchema.nullish() })
        .transform(({ payment_intent }) => payment_intent ?? undefined),
    ]),
  }),
});

function toPaymentEvent(event: unknown): PaymentEvent {
  const { id: eventId, type, data } = eventSchema.parse(event);
  return { eventId, type, paymentId: usedEventTypes.includes(type) ? data.object : undefined };
}
