import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { createPaymentRecords } from '../../shared/adapters/dynamodb/payment-records.ts';
import { createSandboxProvider } from '../../shared/adapters/sandbox-payments.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { authorize } from './authorize.ts';
import { capture } from './capture.ts';
import { undo } from './undo.ts';

const providers = { sandbox: createSandboxProvider };

export const handler = createTaskHandler(() => {
  const settings = readEnvironment({ ORDERS_TABLE: nonEmpty, PAYMENT_PROVIDER: z.enum(['sandbox']) });
  const retry = { random: systemEffects().random, sleep };
  const ports = {
    orders: createOrderStore(dynamo(), { orders: settings.ORDERS_TABLE }, retry),
    records: createPaymentRecords(dynamo(), settings.ORDERS_TABLE),
    provider: providers[settings.PAYMENT_PROVIDER](),
  };
  return { authorize: authorize(ports), capture: capture(ports), undo: undo(ports) };
});
