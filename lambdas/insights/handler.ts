import { setTimeout as sleep } from 'node:timers/promises';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createCounterStore } from '../../shared/adapters/dynamodb/counter-store.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import type { CounterStore } from '../../shared/insights/counter-store.ts';
import { createMetricsPublisher, type PublishMetrics } from '../../shared/observability/metrics.ts';
import { createStreamHandler } from '../../shared/workflow/stream-handler.ts';
import { countRecords } from './count-records.ts';

/** Receives the stream of the Orders table. */
export const handler = createStreamHandler('countOrders', () => {
  const { store, publish } = build();
  return (event) => countRecords(event, store, publish);
});

function build(): { readonly store: CounterStore; readonly publish: PublishMetrics } {
  const { INSIGHTS_TABLE } = readEnvironment({ INSIGHTS_TABLE: nonEmpty });
  const { random } = systemEffects();
  return {
    store: createCounterStore(dynamo(), INSIGHTS_TABLE, { random, sleep }),
    publish: createMetricsPublisher('insights'),
  };
}
