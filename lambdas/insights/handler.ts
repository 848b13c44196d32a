import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createCounterStore } from '../../shared/adapters/dynamodb/counter-store.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import type { CounterStore } from '../../shared/insights/counter-store.ts';
import { traced } from '../../shared/observability/tracer.ts';
import { type BatchAnswer, countRecords } from './count-records.ts';

let store: CounterStore | undefined;

/** Receives the stream of the Orders table. A fault of the whole batch is thrown, and all of it comes again. */
export async function handler(event: unknown): Promise<BatchAnswer> {
  store ??= build();
  const counters = store;
  return traced('countOrders', () => countRecords(event, counters));
}

function build(): CounterStore {
  const { INSIGHTS_TABLE } = readEnvironment({ INSIGHTS_TABLE: nonEmpty });
  const { random } = systemEffects();
  return createCounterStore(dynamo(), INSIGHTS_TABLE, { random, sleep });
}
