import * as z from 'zod';
import { imageSchema } from '../../shared/adapters/dynamodb/stream-image.ts';
import { mapAtOnce } from '../../shared/at-once.ts';
import { type ErasureLookup, rememberingLookup, takenByErasure } from '../../shared/audit/erasure-lookup.ts';
import {
  type PersonalPart,
  type StoredEntry,
  storedEntrySchema,
  type WrittenEntry,
} from '../../shared/audit/seal.ts';
import { type SealStore, sealEntries } from '../../shared/audit/seal-entries.ts';
import { logger } from '../../shared/observability/logger.ts';
import type { PublishMetrics } from '../../shared/observability/metrics.ts';
import type { BatchAnswer } from '../../shared/workflow/queue-handler.ts';
import { partitionKeyOf, streamEventSchema } from '../../shared/workflow/stream-records.ts';

const entrySchema = imageSchema.pipe(storedEntrySchema);

const recordSchema = z.object({
  eventName: z.enum(['INSERT', 'MODIFY', 'REMOVE']),
  dynamodb: z.object({
    SequenceNumber: z.string(),
    /** Seconds since 1970. */
    ApproximateCreationDateTime: z.number().optional(),
    OldImage: entrySchema.optional(),
    NewImage: entrySchema.optional(),
  }),
});
type StreamRecord = z.infer<typeof recordSchema>;

const chainsAtOnce = 8;

export interface SealPorts {
  readonly store: SealStore;
  readonly lookup: ErasureLookup;
  /** Makes a new salt. */
  readonly salt: () => string;
  readonly publish: PublishMetrics;
}

/**
 * Seals the entries of a batch of the Audit table's stream, each entity's in the order they were written. The stream
 * shows an entry as it was when it was written, so nothing that happens to it before it is sealed goes unseen. A
 * change or removal is no work of ours, but for the erasure of a person who is on the register: any other is told at
 * once, in the log and by the metric of the alarm, once more if the batch is delivered again; and the proof will show
 * it for good.
 */
export async function sealRecords(event: unknown, ports: SealPorts): Promise<BatchAnswer> {
  const { Records } = streamEventSchema.parse(event);
  const failed = new Set<string>();
  const chains = new Map<string, StreamRecord[]>();
  for (const record of Records) {
    const sequenceNumber = record.dynamodb.SequenceNumber;
    try {
      const parsed = recordSchema.parse(record);
      const { pk } = imageOf(parsed);
      chains.set(pk, [...(chains.get(pk) ?? []), parsed]);
    } catch (error) {
      failed.add(sequenceNumber);
      logger.error('stream record not understood', {
        chain: partitionKeyOf(record),
        sequenceNumber,
        error: error instanceof Error ? error : String(error),
      });
    }
  }
  const lookup = rememberingLookup(ports.lookup);
  await mapAtOnce([...chains], chainsAtOnce, async ([chain, records]) => {
    try {
      await sealChain(chain, records, { ...ports, lookup });
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

function imageOf({ dynamodb: { NewImage, OldImage } }: StreamRecord): StoredEntry {
  const image = NewImage ?? OldImage;
  if (!image) throw new Error('The record shows no image');
  return image;
}

async function sealChain(chain: string, records: readonly StreamRecord[], ports: SealPorts): Promise<void> {
  const written = records.flatMap((record) => writtenOf(record));
  if (written.length > 0) await sealEntries(chain, written, ports.store, ports.salt);
  for (const record of records) {
    if (record.eventName !== 'INSERT') await lookInto(chain, record, ports);
  }
}

/** Forgets the salts of what an erasure has taken; tells of all else that was done to an entry. */
async function lookInto(
  chain: string,
  record: StreamRecord,
  { store, lookup, publish }: SealPorts,
): Promise<void> {
  const { OldImage: before, NewImage: after } = record.dynamodb;
  const erasure = before && after ? await takenByErasure(before, after, lookup) : undefined;
  const { sk } = imageOf(record);
  if (erasure) await store.forget(chain, sk, erasure.taken);
  if (erasure?.emptied.length === 0) return;
  logger.error(tamperedText(record, erasure?.emptied), { chain, entry: sk, parts: erasure?.emptied });
  publish({
    measurements: [{ name: 'AuditEntriesTampered', unit: 'Count', value: 1 }],
    about: { chain },
  });
}

function tamperedText({ eventName }: StreamRecord, emptied: readonly PersonalPart[] | undefined): string {
  if (eventName === 'REMOVE') return 'audit entry removed';
  return emptied ? 'audit entry emptied, and nobody was erased' : 'audit entry changed';
}

function writtenOf({ eventName, dynamodb }: StreamRecord): WrittenEntry[] {
  const { NewImage: entry, ApproximateCreationDateTime: seconds } = dynamodb;
  if (eventName !== 'INSERT' || !entry) return [];
  const writtenAt = (seconds === undefined ? new Date() : new Date(seconds * 1000)).toISOString();
  return [{ entry, writtenAt }];
}
