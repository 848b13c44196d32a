import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { apiEnvironment, createApiPorts } from '../../shared/adapters/api-ports.ts';
import { createAuditReader, createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createExchangeRates } from '../../shared/adapters/dynamodb/exchange-rates.ts';
import { createHoldFinder } from '../../shared/adapters/dynamodb/hold-finder.ts';
import { createInsightReader } from '../../shared/adapters/dynamodb/insight-reader.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createProductReader } from '../../shared/adapters/dynamodb/product-store.ts';
import { createPromotionStore } from '../../shared/adapters/dynamodb/promotion-store.ts';
import { createCheckoutRuns } from '../../shared/adapters/step-functions/checkout-runs.ts';
import { createWorkflowClient } from '../../shared/adapters/step-functions/resume-checkouts.ts';
import { createReversalRuns } from '../../shared/adapters/step-functions/reversal-runs.ts';
import { type Api, createApiHandler } from '../../shared/api/dispatch.ts';
import { jsonOf, nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { insightOperations } from '../../shared/insights/insight-operations.ts';
import { insightRoutes } from '../../shared/insights/insight-routes.ts';
import { orderOperations } from '../../shared/orders/order-operations.ts';
import { orderRoutes } from '../../shared/orders/order-routes.ts';
import { fraudRulesSchema } from '../../shared/payments/fraud-settings.ts';
import { promotionOperations } from '../../shared/promotions/promotion-operations.ts';
import { promotionRoutes } from '../../shared/promotions/promotion-routes.ts';

const table = { ...orderRoutes, ...promotionRoutes, ...insightRoutes };

function build(): Api<typeof table> {
  const settings = readEnvironment({
    ...apiEnvironment,
    ORDERS_TABLE: nonEmpty,
    PRODUCTS_TABLE: nonEmpty,
    LISTINGS_TABLE: nonEmpty,
    PROMOTIONS_TABLE: nonEmpty,
    INSIGHTS_TABLE: nonEmpty,
    INVENTORY_TABLE: nonEmpty,
    CHECKOUT_STATE_MACHINE_ARN: nonEmpty,
    REVERSAL_STATE_MACHINE_ARN: nonEmpty,
    PAYMENT_PROVIDER: nonEmpty,
    FRAUD_RULES: jsonOf(fraudRulesSchema),
    PROFILE_TIMEOUT_SECONDS: z.coerce.number().pipe(z.int().positive()),
  });
  const client = dynamo();
  const effects = systemEffects();
  const workflows = createWorkflowClient();
  const retry = { random: effects.random, sleep };
  const tables = {
    orders: settings.ORDERS_TABLE,
    users: settings.USERS_TABLE,
    audit: settings.AUDIT_TABLE,
    idempotency: settings.IDEMPOTENCY_TABLE,
    products: settings.PRODUCTS_TABLE,
    listings: settings.LISTINGS_TABLE,
    promotions: settings.PROMOTIONS_TABLE,
  };
  const orders = createOrderStore(client, tables, retry);
  const products = createProductReader(client, tables, retry);
  const promotions = createPromotionStore(client, tables, retry);
  const orderCases = orderOperations({
    orders,
    products,
    promotions,
    holds: createHoldFinder(client, settings.INVENTORY_TABLE, retry),
    sleep,
    rates: createExchangeRates(client, tables.listings),
    checkouts: createCheckoutRuns(workflows, settings.CHECKOUT_STATE_MACHINE_ARN),
    reversals: createReversalRuns(workflows, settings.REVERSAL_STATE_MACHINE_ARN),
    audit: createAuditTrail(client, settings.AUDIT_TABLE),
    trail: createAuditReader(client, settings.AUDIT_TABLE),
    effects,
    clock: effects.clock,
    paymentProvider: settings.PAYMENT_PROVIDER,
    fraud: { rules: settings.FRAUD_RULES, pauseSeconds: settings.PROFILE_TIMEOUT_SECONDS },
  });
  const insightCases = insightOperations({
    orders,
    products,
    insights: createInsightReader(client, settings.INSIGHTS_TABLE),
    promotions,
    clock: effects.clock,
  });
  return {
    ports: createApiPorts(client, settings, effects),
    operations: { ...orderCases, ...promotionOperations({ promotions, effects }), ...insightCases },
  };
}

export const handler = createApiHandler(table, build);
