import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSealStore } from '../../shared/adapters/dynamodb/audit-seals.ts';
import { dynamo } from '../../shared/adapters/dynamodb/client.ts';
import { createErasureLookup } from '../../shared/adapters/dynamodb/erasure-lookup.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemEffects } from '../../shared/effects.ts';
import { createMetricsPublisher } from '../../shared/observability/metrics.ts';
import { createStreamHandler } from '../../shared/workflow/stream-handler.ts';
import { sealRecords } from './seal-records.ts';

const environment = { AUDIT_SEALS_TABLE: nonEmpty, USERS_TABLE: nonEmpty, AUDIT_TABLE: nonEmpty };

/** Receives the stream of the Audit table. */
export const handler = createStreamHandler('sealEntries', () => {
  const env = readEnvironment(environment);
  const retry = { random: systemEffects().random, sleep };
  const ports = {
    store: createSealStore(dynamo(), env.AUDIT_SEALS_TABLE, retry),
    lookup: createErasureLookup(dynamo(), { users: env.USERS_TABLE, audit: env.AUDIT_TABLE }),
    salt: () => randomBytes(32).toString('hex'),
    publish: createMetricsPublisher('audit-seal'),
  };
  return (event) => sealRecords(event, ports);
});
