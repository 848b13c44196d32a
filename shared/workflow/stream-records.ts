import * as z from 'zod';

/** What a DynamoDB stream hands to a Lambda, as far as every consumer needs it: the rest is read record by record. */
export const streamEventSchema = z.object({
  Records: z.array(z.looseObject({ dynamodb: z.looseObject({ SequenceNumber: z.string() }) })),
});

const keysSchema = z.object({ dynamodb: z.object({ Keys: z.object({ pk: z.object({ S: z.string() }) }) }) });

/** The partition key of a record, for the log: it is there when the rest cannot be read. */
export function partitionKeyOf(record: unknown): string | undefined {
  return keysSchema.safeParse(record).data?.dynamodb.Keys.pk.S;
}
