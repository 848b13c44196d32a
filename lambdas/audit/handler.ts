import { setTimeout as sleep } from 'node:timers/promises';
import { createAuditTrail } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { record } from './record.ts';

export const handler = createTaskHandler(() => {
  const { AUDIT_TABLE, ORDERS_TABLE } = readEnvironment({ AUDIT_TABLE: nonEmpty, ORDERS_TABLE: nonEmpty });
  const retry = { random: systemEffects().random, sleep };
  const orders = createOrderStore(dynamo(), { orders: ORDERS_TABLE }, retry);
  return { record: record(orders, createAuditTrail(dynamo(), AUDIT_TABLE)) };
});
