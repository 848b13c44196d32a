import * as z from 'zod';
import type { Page, PageRequest } from '../api/list.ts';

export const actorSchema = z.strictObject({
  /** A user id, or `system` for the workflow and schedules. */
  id: z.string(),
  role: z.enum(['Guest', 'Customer', 'Manager', 'Admin', 'System']),
});
export type Actor = z.infer<typeof actorSchema>;

export const systemActor: Actor = { id: 'system', role: 'System' };

export const whereSchema = z.strictObject({
  ip: z.string(),
  region: z.string(),
  device: z.string(),
});

/** Stands where an entry said from where its erased actor came. */
export const erasedWhere = { ip: 'erased', region: 'erased', device: 'erased' } as const;

/** Who did what, when and where. Append-only. */
export const auditEntrySchema = z.strictObject({
  entryId: z.string(),
  action: z.string().describe('e.g. order.created, product.stock_adjusted, access.denied'),
  entity: z.strictObject({
    type: z.enum(['order', 'product', 'promotion', 'rates', 'user', 'route']),
    id: z.string(),
  }),
  actor: actorSchema,
  at: z.iso.datetime(),
  where: whereSchema.optional(),
  before: z.record(z.string(), z.unknown()).optional(),
  after: z.record(z.string(), z.unknown()).optional(),
  reason: z.string().optional(),
  requestId: z.string().optional(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** How many of the newest entries a product or order item mirrors. */
export const mirroredAuditEntries = 20;

/** Puts an entry at the head of an item's mirrored trail and drops what is over the bound. */
export function mirror(entry: AuditEntry, trail: readonly AuditEntry[]): AuditEntry[] {
  return [entry, ...trail].slice(0, mirroredAuditEntries);
}

/**
 * Appends to the trail what an item mirrors already: the newest entry of this action. A repetition appends the
 * same entry, which is one.
 */
export async function appendMirrored(
  { auditLogs }: { readonly auditLogs: readonly AuditEntry[] },
  action: string,
  trail: AuditTrail,
): Promise<void> {
  const entry = auditLogs.find((candidate) => candidate.action === action);
  if (entry) await trail.append(entry);
}

export interface AuditTrail {
  /** Appends an entry; the same entryId twice is one entry. */
  append(entry: AuditEntry): Promise<void>;
}

export interface AuditReader {
  /** What has been done to an entity, newest first; also once the entity itself is deleted. */
  entriesOf(entity: AuditEntry['entity'], page: PageRequest): Promise<Page<AuditEntry>>;
}
