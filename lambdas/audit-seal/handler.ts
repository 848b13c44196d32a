import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSealStore } from '../../shared/adapters/dynamodb/audit-seals.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import type { SealStore } from '../../shared/audit/seal-entries.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createMetricsPublisher } from '../../shared/observability/metrics.ts';
import { createStreamHandler } from '../../shared/workflow/stream-handler.ts';
import { sealRecords } from './seal-records.ts';

const salt = () => randomBytes(32).toString('hex');

/** Receives the stream of the Audit table. */
export const handler = createStreamHandler('sealEntries', () => {
  const store = build();
  const publish = createMetricsPublisher('audit-seal');
  return (event) => sealRecords(event, store, salt, publish);
});

function build(): SealStore {
  const { AUDIT_SEALS_TABLE } = readEnvironment({ AUDIT_SEALS_TABLE: nonEmpty });
  return createSealStore(dynamo(), AUDIT_SEALS_TABLE, { random: systemEffects().random, sleep });
}
