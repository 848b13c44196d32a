import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentRecords } from '../../shared/adapters/dynamodb/payment-records.ts';
import { createCustomerIds } from '../../shared/adapters/dynamodb/provider-customers.ts';
import { createSandboxProvider } from '../../shared/adapters/sandbox-payments.ts';
import { createStripeClients } from '../../shared/adapters/stripe/client.ts';
import { createStripeCustomers } from '../../shared/adapters/stripe/customers.ts';
import { paymentEnvironment, stripeSecretReader } from '../../shared/adapters/stripe/environment.ts';
import { createStripeProvider } from '../../shared/adapters/stripe/provider.ts';
import { jsonOf, nonEmpty, nonEmptyIfSet, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { fraudRulesSchema } from '../../shared/payments/fraud-settings.ts';
import { createFindCustomer } from '../../shared/payments/payment-customers.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { authorize } from './authorize.ts';
import { capture } from './capture.ts';
import { undo } from './undo.ts';

export const handler = createTaskHandler(() => {
  const settings = readEnvironment({
    ...paymentEnvironment,
    ORDERS_TABLE: nonEmpty,
    /** Of a Stripe stage alone. */
    USERS_TABLE: nonEmptyIfSet,
    FRAUD_RULES: jsonOf(fraudRulesSchema),
  });
  const { clock, random } = systemEffects();
  const retry = { random, sleep };
  const providerOf = {
    sandbox: () => ({ provider: createSandboxProvider(), findCustomer: undefined }),
    stripe() {
      const readSecret = stripeSecretReader(settings.STRIPE_SECRET_ARN, () => clock.now());
      const clients = createStripeClients(readSecret, settings.STRIPE_API_URL);
      const { USERS_TABLE: users } = settings;
      if (users === undefined)
        throw new Error('This Lambda was not given the users whose cards Stripe keeps');
      const source = createStripeCustomers(clients, { clock, random });
      return {
        provider: createStripeProvider(clients, { clock, random }),
        findCustomer: createFindCustomer(source, createCustomerIds(dynamo(), users)),
      };
    },
  };
  const ports = {
    orders: createOrderStore(dynamo(), { orders: settings.ORDERS_TABLE }, retry),
    records: createPaymentRecords(dynamo(), settings.ORDERS_TABLE),
    ...providerOf[settings.PAYMENT_PROVIDER](),
    clock,
    fraudRules: settings.FRAUD_RULES,
  };
  return { authorize: authorize(ports), capture: capture(ports), undo: undo(ports) };
});
