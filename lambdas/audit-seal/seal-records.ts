import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { mapAtOnce } from '../../shared/at-once.ts';
import { type StoredEntry, storedEntrySchema, type WrittenEntry } from '../../shared/audit/seal.ts';
import { type SealStore, sealEntries } from '../../shared/audit/seal-entries.ts';
import { erasedBetween } from '../../shared/audit/verify-chain.ts';
import { logger } from '../../shared/observability/logger.ts';
import type { PublishMetrics } from '../../shared/observability/metrics.ts';

const imageSchema = z
  .record(
    z.string(),
    z.custom<AttributeValue>((value) => typeof value === 'object'),
  )
  .transform((image) => storedEntrySchema.parse(unmarshall(image)));

const recordSchema = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    /** Seconds since 1970. */
    ApproximateCreationDateTime: z.number().optional(),
    OldImage: imageSchema.optional(),
    NewImage: imageSchema.optional(),
  }),
});
type StreamRecord = z.infer<typeof recordSchema>;

const eventSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

/** Lambda's partial batch answer: records from the first one named on are delivered again. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const chainsAtOnce = 8;

/**
 * Seals the entries of a batch of the Audit table's stream, each entity's in the order they were written. The stream
 * shows an entry as it was when it was written, so nothing that happens to it before it is sealed goes unseen. A
 * change or removal is no work of ours, but for an erasure: it is told at once, in the log and by the metric of the
 * alarm, once more if the batch is delivered again; and the proof will show it for good.
 */
export async function sealRecords(
  event: unknown,
  store: SealStore,
  salt: () => string,
  publish: PublishMetrics = () => undefined,
): Promise<BatchAnswer> {
  const { Records } = eventSchema.parse(event);
  const failed = new Set<string>();
  const chains = new Map<string, StreamRecord[]>();
  for (const record of Records) {
    const parsed = recordSchema.safeParse(record);
    const image = parsed.data?.dynamodb.NewImage ?? parsed.data?.dynamodb.OldImage;
    if (!parsed.success || !image) {
      failed.add(record.dynamodb.SequenceNumber);
      logger.error('stream record not understood', { sequenceNumber: record.dynamodb.SequenceNumber });
      continue;
    }
    chains.set(image.pk, [...(chains.get(image.pk) ?? []), parsed.data]);
  }
  await mapAtOnce([...chains], chainsAtOnce, async ([chain, records]) => {
    try {
      await sealChain(chain, records, { store, salt, publish });
    } catch (error) {
      logger.error('audit entries not sealed', {
        chain,
        error: error instanceof Error ? error : String(error),
      });
      for (const { dynamodb } of records) failed.add(dynamodb.SequenceNumber);
    }
  });
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}

interface SealPorts {
  readonly store: SealStore;
  readonly salt: () => string;
  readonly publish: PublishMetrics;
}

async function sealChain(
  chain: string,
  records: readonly StreamRecord[],
  { store, salt, publish }: SealPorts,
): Promise<void> {
  const written = records.flatMap((record) => writtenOf(record));
  if (written.length > 0) await sealEntries(chain, written, store, salt);
  for (const { eventName, dynamodb } of records) {
    const { OldImage: before, NewImage: after } = dynamodb;
    if (eventName === 'INSERT') continue;
    const erased = eventName === 'MODIFY' && before && after ? erasedBetween(before, after) : undefined;
    if (erased && after) {
      await store.forget(chain, after.sk, erased);
    } else {
      const entry: StoredEntry | undefined = after ?? before;
      logger.error(eventName === 'REMOVE' ? 'audit entry removed' : 'audit entry changed', {
        chain,
        entry: entry?.sk,
      });
      publish({
        measurements: [{ name: 'AuditEntriesTampered', unit: 'Count', value: 1 }],
        about: { chain },
      });
    }
  }
}

function writtenOf({ eventName, dynamodb }: StreamRecord): WrittenEntry[] {
  const { NewImage: entry, ApproximateCreationDateTime: seconds } = dynamodb;
  if (eventName !== 'INSERT' || !entry) return [];
  const writtenAt = (seconds === undefined ? new Date() : new Date(seconds * 1000)).toISOString();
  return [{ entry, writtenAt }];
}
