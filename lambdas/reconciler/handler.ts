import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createHoldFinder } from '../../shared/adapters/dynamodb/hold-finder.ts';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { createOrderFinder } from '../../shared/adapters/dynamodb/order-finder.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createCheckoutRuns } from '../../shared/adapters/step-functions/checkout-runs.ts';
import { createCheckoutWatch } from '../../shared/adapters/step-functions/checkout-watch.ts';
import { createWorkflowClient } from '../../shared/adapters/step-functions/resume-checkouts.ts';
import { createReversalRuns } from '../../shared/adapters/step-functions/reversal-runs.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createMetricsPublisher } from '../../shared/observability/metrics.ts';
import { createTaskHandler, type TaskTable } from '../../shared/workflow/task-handler.ts';
import { reconcile } from './reconcile.ts';

function build(): TaskTable {
  const settings = readEnvironment({
    ORDERS_TABLE: nonEmpty,
    PRODUCTS_TABLE: nonEmpty,
    INVENTORY_TABLE: nonEmpty,
    CHECKOUT_STATE_MACHINE_ARN: nonEmpty,
    REVERSAL_STATE_MACHINE_ARN: nonEmpty,
  });
  const { random, clock } = systemEffects();
  const client = dynamo();
  const workflows = createWorkflowClient();
  const retry = { random, sleep };
  const stock = { products: settings.PRODUCTS_TABLE, inventory: settings.INVENTORY_TABLE };
  const ports = {
    orders: createOrderStore(client, { orders: settings.ORDERS_TABLE }, retry),
    finder: createOrderFinder(client, settings.ORDERS_TABLE),
    holds: createHoldFinder(client, settings.INVENTORY_TABLE, retry),
    inventory: createInventoryStore(client, stock, retry),
    checkouts: createCheckoutRuns(workflows, settings.CHECKOUT_STATE_MACHINE_ARN),
    watch: createCheckoutWatch(workflows, settings.CHECKOUT_STATE_MACHINE_ARN),
    reversals: createReversalRuns(workflows, settings.REVERSAL_STATE_MACHINE_ARN),
    clock,
    publish: createMetricsPublisher('reconciler'),
  };
  return { reconcile: reconcile(ports) };
}

export const handler = createTaskHandler(build);
