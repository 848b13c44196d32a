import { type PageRequest, pageBody } from '../api/list.ts';
import { Problem } from '../api/problem.ts';
import type { AuditReader } from '../audit/audit-entry.ts';
import type { OrderStore } from './order-store.ts';

export interface AuditListPorts {
  readonly trail: AuditReader;
  readonly orders: Pick<OrderStore, 'find'>;
}

/** An order's trail, newest first; that of a deleted order stays readable. @throws Problem not_found */
export async function listAudit(orderId: string, page: PageRequest, { trail, orders }: AuditListPorts) {
  const found = await trail.entriesOf({ type: 'order', id: orderId }, page);
  if (found.items.length === 0 && !(await orders.find(orderId))) {
    throw new Problem('not_found', 'There is no such order.');
  }
  return pageBody(found);
}
