import { decodeTime, encodeTime } from 'ulid';
import * as z from 'zod';
import { invalidCursor, type PageRequest } from '../../api/list.ts';
import type { OrderFilter } from '../../orders/order-store.ts';
import { monthOf } from './order-item.ts';

/** The lowest and highest id of a millisecond: a ULID is ten characters of time and sixteen of chance. */
const lowest = (at: Date) => ulidTime(at) + '0'.repeat(16);
const highest = (at: Date) => ulidTime(at) + 'Z'.repeat(16);
/** ULIDs begin in 1970; no order was placed before. */
const ulidTime = (at: Date) => encodeTime(Math.max(0, at.getTime()));

const firstMonth = new Date('2024-01-01T00:00:00Z');
/** A request looks back through no more months than this; the next page goes on from there. */
const maximumMonths = 36;
/** A ULID, whose time has 48 bits. */
const positionSchema = z.strictObject({ orderId: z.string().regex(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/) });

export interface Bounds {
  /** Lowest and highest id that the filter lets through; the list is empty when they are crossed. */
  readonly low: string;
  readonly high: string;
  /** The id that the last page ended with, which is within the bounds. */
  readonly after: string | undefined;
}

/** @throws Problem validation_failed when the cursor is not one of this list */
export function boundsOf({ from, to }: OrderFilter, page: PageRequest): Bounds {
  const position = page.after && positionSchema.safeParse(page.after);
  if (position && !position.success) {
    throw invalidCursor();
  }
  const after = position?.data.orderId;
  const latest = to ? highest(to) : 'Z'.repeat(26);
  return {
    low: from ? lowest(from) : '0',
    high: after !== undefined && after < latest ? after : latest,
    after,
  };
}

export interface Partition {
  readonly index: string;
  readonly key: string;
  readonly value: string;
}

interface Partitions {
  readonly all: readonly Partition[];
  /** Where the next page starts when these have been gone through. */
  readonly next?: string;
}

/** One partition for a user's or a status' orders; for all orders one a month, from the newest back. */
export function partitions(
  { userId, status, from, to }: OrderFilter,
  { low, high, after }: Bounds,
): Partitions {
  // DynamoDB refuses crossed bounds instead of finding nothing.
  if (low > high) return { all: [] };
  if (userId !== undefined) return { all: [{ index: 'byUser', key: 'userId', value: userId }] };
  if (status !== undefined) return { all: [{ index: 'byStatus', key: 'status', value: status }] };
  // Months to come have no orders: a bound far ahead must not use up the months to look through.
  const newest = new Date(
    Math.min(after === undefined ? (to?.getTime() ?? Infinity) : decodeTime(after), Date.now()),
  );
  const oldest = monthOf((from && from > firstMonth ? from : firstMonth).toISOString());
  const all: Partition[] = [];
  const cursor = new Date(Date.UTC(newest.getUTCFullYear(), newest.getUTCMonth()));
  while (monthOf(cursor.toISOString()) >= oldest) {
    if (all.length === maximumMonths) {
      const next = new Date(cursor);
      next.setUTCMonth(next.getUTCMonth() + 1);
      return { all, next: lowest(next) };
    }
    all.push({ index: 'byMonth', key: 'createdMonth', value: monthOf(cursor.toISOString()) });
    cursor.setUTCMonth(cursor.getUTCMonth() - 1);
  }
  return { all };
}
