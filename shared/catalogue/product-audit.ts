import type { ApiRequest } from '../api/route.ts';
import { type AuditEntry, mirror } from '../audit/audit-entry.ts';
import type { Effects } from '../effects.ts';
import type { Principal } from '../identity/principal.ts';
import type { Product } from './product.ts';

/** The caller of a route that asks for a token. */
export interface Author extends Pick<ApiRequest, 'client' | 'requestId'> {
  readonly principal: Principal;
}

type Values = Readonly<Record<string, unknown>>;

export interface ProductAction {
  readonly action: 'product.created' | 'product.updated' | 'product.archived' | 'product.stock_adjusted';
  readonly productId: string;
  readonly before?: Values;
  readonly after?: Values;
  readonly reason?: string;
}

export function productAuditEntry(
  { before, after, reason, ...act }: ProductAction,
  { principal, client, requestId }: Author,
  at: Date,
  { ids }: Pick<Effects, 'ids'>,
): AuditEntry {
  return {
    entryId: ids.next(),
    action: act.action,
    entity: { type: 'product', id: act.productId },
    actor: { id: principal.userId, role: principal.role },
    at: at.toISOString(),
    where: { ip: client.ip, region: client.region, device: client.userAgent },
    ...(before ? { before: { ...before } } : {}),
    ...(after ? { after: { ...after } } : {}),
    ...(reason === undefined ? {} : { reason }),
    requestId,
  };
}

/** The product as it stands after the entry's action: next version, who and when, and the entry mirrored. */
export function stamp(product: Product, entry: AuditEntry): Product {
  return {
    ...product,
    updatedBy: entry.actor.id,
    updatedAt: entry.at,
    auditLogs: mirror(abridged(entry), product.auditLogs),
    version: product.version + 1,
  };
}

const mirroredValueLength = 200;

/**
 * The trail keeps whole values; the copy on the product keeps short ones, because every hold pays for the
 * item's size.
 */
export function abridged(entry: AuditEntry): AuditEntry {
  return {
    ...entry,
    ...(entry.before ? { before: abridgedValues(entry.before) } : {}),
    ...(entry.after ? { after: abridgedValues(entry.after) } : {}),
  };
}

function abridgedValues(values: Values): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      return [name, text.length > mirroredValueLength ? `${text.slice(0, mirroredValueLength)}…` : value];
    }),
  );
}
