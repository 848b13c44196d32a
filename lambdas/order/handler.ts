import { setTimeout as sleep } from 'node:timers/promises';
import { apiEnvironment, createApiPorts } from '../../shared/adapters/api-ports.ts';
import { createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createProductReader } from '../../shared/adapters/dynamodb/product-store.ts';
import { createPromotionReader } from '../../shared/adapters/dynamodb/promotion-reader.ts';
import { createCheckoutRuns } from '../../shared/adapters/step-functions/checkout-runs.ts';
import { createWorkflowClient } from '../../shared/adapters/step-functions/resume-checkouts.ts';
import { type Api, createApiHandler } from '../../shared/api/dispatch.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { orderOperations } from '../../shared/orders/order-operations.ts';
import { orderRoutes } from '../../shared/orders/order-routes.ts';

function build(): Api<typeof orderRoutes> {
  const settings = readEnvironment({
    ...apiEnvironment,
    ORDERS_TABLE: nonEmpty,
    PRODUCTS_TABLE: nonEmpty,
    PROMOTIONS_TABLE: nonEmpty,
    CHECKOUT_STATE_MACHINE_ARN: nonEmpty,
    PAYMENT_PROVIDER: nonEmpty,
  });
  const client = dynamo();
  const effects = systemEffects();
  const retry = { random: effects.random, sleep };
  const tables = {
    orders: settings.ORDERS_TABLE,
    audit: settings.AUDIT_TABLE,
    idempotency: settings.IDEMPOTENCY_TABLE,
  };
  const operations = orderOperations({
    orders: createOrderStore(client, tables, retry),
    products: createProductReader(client, settings.PRODUCTS_TABLE, retry),
    promotions: createPromotionReader(client, settings.PROMOTIONS_TABLE),
    checkouts: createCheckoutRuns(createWorkflowClient(), settings.CHECKOUT_STATE_MACHINE_ARN),
    audit: createAuditTrail(client, settings.AUDIT_TABLE),
    effects,
    clock: effects.clock,
    paymentProvider: settings.PAYMENT_PROVIDER,
  });
  return { ports: createApiPorts(client, settings, effects), operations };
}

export const handler = createApiHandler(orderRoutes, build);
