import { setTimeout as sleep } from 'node:timers/promises';
import { createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOnceStore } from '../../shared/adapters/dynamodb/once-store.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentReader, createPaymentRecords } from '../../shared/adapters/dynamodb/payment-records.ts';
import { createSnsNotifier } from '../../shared/adapters/sns-notifier.ts';
import { createStripeClients } from '../../shared/adapters/stripe/client.ts';
import { paymentEnvironment, stripeSecretReader } from '../../shared/adapters/stripe/environment.ts';
import { createStripeLookup } from '../../shared/adapters/stripe/lookup.ts';
import { createStripeProvider } from '../../shared/adapters/stripe/provider.ts';
import { createStripeEventReader } from '../../shared/adapters/stripe/webhook-events.ts';
import { type Api, createApiHandler } from '../../shared/api/dispatch.ts';
import { openRoutePorts } from '../../shared/api/open-routes.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { paymentOperations, refuseEveryEvent } from '../../shared/payments/payment-operations.ts';
import { paymentRoutes } from '../../shared/payments/payment-routes.ts';

function build(): Api<typeof paymentRoutes> {
  const settings = readEnvironment({
    ...paymentEnvironment,
    ORDERS_TABLE: nonEmpty,
    AUDIT_TABLE: nonEmpty,
    IDEMPOTENCY_TABLE: nonEmpty,
    ORDER_NOTIFICATIONS_TOPIC_ARN: nonEmpty,
  });
  const effects = systemEffects();
  const ports = openRoutePorts(effects);
  if (settings.PAYMENT_PROVIDER === 'sandbox') return { ports, operations: refuseEveryEvent };

  const { clock, random } = effects;
  const now = () => clock.now();
  const client = dynamo();
  const orders = settings.ORDERS_TABLE;
  const readSecret = stripeSecretReader(settings.STRIPE_SECRET_ARN, now);
  const stripe = createStripeClients(readSecret, settings.STRIPE_API_URL);
  return {
    ports,
    operations: paymentOperations({
      readEvent: createStripeEventReader(readSecret, now),
      provider: createStripeProvider(stripe, effects),
      lookup: createStripeLookup(stripe, effects),
      records: { ...createPaymentRecords(client, orders), ...createPaymentReader(client, orders) },
      orders: createOrderStore(client, { orders }, { random, sleep }),
      audit: createAuditTrail(client, settings.AUDIT_TABLE),
      notifier: createSnsNotifier({ order: settings.ORDER_NOTIFICATIONS_TOPIC_ARN }),
      once: createOnceStore(client, settings.IDEMPOTENCY_TABLE),
      clock,
    }),
  };
}

export const handler = createApiHandler(paymentRoutes, build);
