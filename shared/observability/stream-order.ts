import { isValid } from 'ulid';
import { partitionKeyOf } from '../workflow/stream-records.ts';

const prefix = 'ORDER#';

/**
 * The order that a record of the Orders table's stream is of, for the log: from its key, which is there when the rest
 * cannot be read. Undefined when that is no order's.
 */
export function orderIdOf(record: unknown): string | undefined {
  const key = partitionKeyOf(record);
  const orderId = key?.startsWith(prefix) ? key.slice(prefix.length) : undefined;
  return orderId !== undefined && isValid(orderId) ? orderId : undefined;
}
