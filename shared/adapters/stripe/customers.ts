import type { CustomerSource } from '../../payments/payment-customers.ts';
import { type StripeClients, stepBudgets } from './client.ts';
import { KeptFailureError } from './faults.ts';
import { openSession, type StripeEffects } from './session.ts';

/**
 * Stripe Customers of our users: what their cards are kept with, so that a card pays more than once. They carry
 * our opaque id and nothing else of the person.
 */
export function createStripeCustomers(clients: StripeClients, effects: StripeEffects): CustomerSource {
  return {
    async create(userId) {
      const { stripe, ask, unique } = await openSession(clients, stepBudgets.customer, effects);
      const make = (...key: readonly string[]) =>
        ask('create the customer', (options) =>
          stripe.customers.create(
            { metadata: { userId } },
            { ...options, idempotencyKey: ['user', userId, 'customer', ...key].join(':') },
          ),
        );
      try {
        return (await make()).id;
      } catch (error) {
        if (!(error instanceof KeptFailureError)) throw error;
        // One that is made twice is empty: our record of the user keeps the first.
        return (await make(unique())).id;
      }
    },
  };
}
