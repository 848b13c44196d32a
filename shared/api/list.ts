import * as z from 'zod';
import { Problem } from './problem.ts';

/** Query parameters that every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().min(1).max(1024).optional(),
};

export interface PageRequest {
  readonly limit: number;
  /** A store's own position, from a former page. */
  readonly after?: Readonly<Record<string, string>>;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next?: Readonly<Record<string, string>>;
}

export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() });
}

const cursorSchema = z.record(z.string(), z.string());

/** @throws Problem validation_failed when the cursor is not one that a list answered */
export function readPage(query: { limit: number; cursor?: string | undefined }): PageRequest {
  return query.cursor === undefined
    ? { limit: query.limit }
    : { limit: query.limit, after: decodeCursor(query.cursor) };
}

/** A page as the contract spells it. The cursor holds only sort positions, never a partition that could be forged. */
export function pageBody<T>(page: Page<T>): { items: T[]; nextCursor?: string } {
  const nextCursor = page.next && Buffer.from(JSON.stringify(page.next)).toString('base64url');
  return { items: [...page.items], ...(nextCursor === undefined ? {} : { nextCursor }) };
}

/** The refusal of a cursor that is forged, damaged or of another list; stores say it of positions they do not know. */
export function invalidCursor(cause?: unknown): Problem {
  return new Problem('validation_failed', 'The cursor is not one that this list answered.', {
    errors: [{ path: '/query/cursor', message: 'is not a cursor of this list' }],
    cause,
  });
}

function decodeCursor(cursor: string): Record<string, string> {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw invalidCursor(cause);
  }
}
