import { isValid } from 'ulid';
import * as z from 'zod';

const keysSchema = z.object({ dynamodb: z.object({ Keys: z.object({ pk: z.object({ S: z.string() }) }) }) });
const prefix = 'ORDER#';

/**
 * The order that a record of the Orders table's stream is of, for the log: from its key, which is there when the rest
 * cannot be read. Undefined when that is no order's.
 */
export function orderIdOf(record: unknown): string | undefined {
  const key = keysSchema.safeParse(record).data?.dynamodb.Keys.pk.S;
  const orderId = key?.startsWith(prefix) ? key.slice(prefix.length) : undefined;
  return orderId !== undefined && isValid(orderId) ? orderId : undefined;
}
