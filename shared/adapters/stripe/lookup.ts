import type Stripe from 'stripe';
import type { PaymentLookup, ProviderPayment } from '../../payments/payment-provider.ts';
import { fromStripeAmount } from './amounts.ts';
import { type StripeClients, stepBudgets } from './client.ts';
import { asFinal, isRefusal } from './faults.ts';
import { orderIdKey } from './intents.ts';
import { chargeOf, riskOf } from './result.ts';
import { openSession, type StripeEffects } from './session.ts';

/** Payments as Stripe has them now: one GET each. Those that name no order are not ours, and not looked at. */
export function createStripeLookup(clients: StripeClients, effects: StripeEffects): PaymentLookup {
  return {
    async find(paymentId) {
      const { stripe, call } = await openSession(clients, stepBudgets.look, effects);
      try {
        return toPayment(
          await call('read the payment', (options) =>
            stripe.paymentIntents.retrieve(paymentId, { expand: ['latest_charge'] }, options),
          ),
        );
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (error.code === 'resource_missing') return undefined;
        throw asFinal('read the payment', error);
      }
    },
  };
}

function toPayment(intent: Stripe.PaymentIntent): ProviderPayment | undefined {
  const orderId = intent.metadata[orderIdKey];
  // Before its amount: another shop at the account may have one that we have no number for.
  if (orderId === undefined) return undefined;
  const charge = chargeOf(intent);
  return {
    paymentId: intent.id,
    orderId,
    status: statuses[intent.status] ?? 'open',
    amount: fromStripeAmount(intent.amount, intent.currency),
    refunded: fromStripeAmount(charge?.amount_refunded ?? 0, intent.currency),
    disputed: charge?.disputed ?? false,
    ...riskOf(charge),
  };
}

const statuses: Readonly<Record<string, ProviderPayment['status']>> = {
  processing: 'processing',
  requires_capture: 'authorized',
  succeeded: 'captured',
  canceled: 'canceled',
};
