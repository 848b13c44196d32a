import { setTimeout as sleep } from 'node:timers/promises';
import { createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createProductReader } from '../../shared/adapters/dynamodb/product-store.ts';
import { createStockWatch } from '../../shared/adapters/dynamodb/stock-watch.ts';
import { createUserDirectory } from '../../shared/adapters/dynamodb/user-directory.ts';
import { createValidationReader } from '../../shared/adapters/dynamodb/velocity-counters.ts';
import { createTaskAnswers } from '../../shared/adapters/step-functions/checkout-runs.ts';
import { createWorkflowClient } from '../../shared/adapters/step-functions/resume-checkouts.ts';
import { jsonOf, nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { fraudRulesSchema } from '../../shared/payments/fraud-settings.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { closeRefund } from './close-refund.ts';
import { failOrder } from './fail-order.ts';
import { holdForReview } from './hold-for-review.ts';
import { markForRepair } from './mark-for-repair.ts';
import { updateOrderStatus } from './update-order-status.ts';
import { validateOrder } from './validate-order.ts';
import { validateProfile } from './validate-profile.ts';
import { waitForProfile } from './wait-for-profile.ts';

function build() {
  const settings = readEnvironment({
    USERS_TABLE: nonEmpty,
    PRODUCTS_TABLE: nonEmpty,
    LISTINGS_TABLE: nonEmpty,
    PROMOTIONS_TABLE: nonEmpty,
    ORDERS_TABLE: nonEmpty,
    INVENTORY_TABLE: nonEmpty,
    AUDIT_TABLE: nonEmpty,
    IDEMPOTENCY_TABLE: nonEmpty,
    FRAUD_RULES: jsonOf(fraudRulesSchema),
  });
  const client = dynamo();
  const effects = systemEffects();
  const retry = { random: effects.random, sleep };
  const orderTables = {
    orders: settings.ORDERS_TABLE,
    users: settings.USERS_TABLE,
    promotions: settings.PROMOTIONS_TABLE,
  };
  const catalogueTables = { products: settings.PRODUCTS_TABLE, listings: settings.LISTINGS_TABLE };
  const inventoryTables = { products: settings.PRODUCTS_TABLE, inventory: settings.INVENTORY_TABLE };
  return {
    orders: createOrderStore(client, orderTables, retry),
    users: createUserDirectory(client, settings.USERS_TABLE),
    products: createProductReader(client, catalogueTables, retry),
    inventory: createInventoryStore(client, inventoryTables, retry),
    stock: createStockWatch(client, settings.PRODUCTS_TABLE, retry),
    checkouts: createTaskAnswers(createWorkflowClient()),
    audit: createAuditTrail(client, settings.AUDIT_TABLE),
    validation: createValidationReader(
      client,
      { products: settings.PRODUCTS_TABLE, idempotency: settings.IDEMPOTENCY_TABLE },
      retry,
    ),
    fraudRules: settings.FRAUD_RULES,
    effects,
  };
}

export const handler = createTaskHandler(() => {
  const ports = build();
  return {
    validateProfile: validateProfile(ports),
    waitForProfile: waitForProfile(ports),
    validateOrder: validateOrder(ports),
    holdForReview: holdForReview(ports),
    updateOrderStatus: updateOrderStatus(ports),
    failOrder: failOrder(ports),
    closeRefund: closeRefund(ports),
    markForRepair: markForRepair(ports),
  };
});
