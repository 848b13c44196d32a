import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createInventoryStore } from '../../shared/adapters/dynamodb/inventory-store.ts';
import { createStockWatch } from '../../shared/adapters/dynamodb/stock-watch.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createTaskHandler, type TaskTable } from '../../shared/workflow/task-handler.ts';
import { commit } from './commit.ts';
import { release } from './release.ts';

function build(): TaskTable {
  const settings = readEnvironment({ PRODUCTS_TABLE: nonEmpty, INVENTORY_TABLE: nonEmpty });
  const { random, clock } = systemEffects();
  const tables = { products: settings.PRODUCTS_TABLE, inventory: settings.INVENTORY_TABLE };
  const retry = { random, sleep };
  const inventory = createInventoryStore(dynamo(), tables, retry);
  const ports = { inventory, clock, stock: createStockWatch(dynamo(), tables.products, retry) };
  return { commit: commit(ports), release: release(ports) };
}

export const handler = createTaskHandler(build);
