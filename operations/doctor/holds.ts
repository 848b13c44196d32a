import { GetCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { rowKey, toHoldRow } from '../../shared/adapters/dynamodb/inventory-row.ts';
import type { Order } from '../../shared/orders/order.ts';
import { settleHold } from '../../shared/orders/reconcile.ts';
import {
  auditRepair,
  type Check,
  type Examination,
  type Finding,
  isSettledSince,
  unreadable,
} from './doctor.ts';
import { paidStock } from './paid-stock.ts';
import { restingHealth } from './under-way.ts';

const heldSchema = z.object({
  state: z.literal('HELD'),
  orderId: z.string(),
  productId: z.string(),
  heldAt: z.string(),
});

/** What is held is held for an order that is under way. */
export const checkHolds: Check = async (examination) => {
  const held = new Map<string, Set<string>>();
  const findings: Finding[] = [];
  for await (const page of examination.scan('inventory')) {
    for (const item of page) {
      if (item.state !== 'HELD') continue;
      const row = heldSchema.safeParse(item);
      if (!row.success) {
        const entity = { type: 'order', id: String(item.sk).slice('ORDER#'.length) } as const;
        findings.push(unreadable(entity, `hold ${item.pk} ${item.sk}`, row.error));
        continue;
      }
      if (!isSettledSince(examination, row.data.heldAt)) continue;
      const { orderId, productId } = row.data;
      held.set(orderId, (held.get(orderId) ?? new Set()).add(productId));
    }
  }
  for (const [orderId, productIds] of held) {
    const finding = await examineHold(orderId, [...productIds], examination);
    if (finding) findings.push(finding);
  }
  return findings;
};

/** What is wrong with the holds of an order. The fix looks again, and does nothing when the order has moved on. */
async function examineHold(
  orderId: string,
  productIds: readonly string[],
  examination: Examination,
): Promise<Finding | undefined> {
  const found = await lookAt(orderId, productIds, examination);
  if (!found) return undefined;
  const entity = { type: 'order', id: orderId } as const;
  const isOver = found.kind === 'leaked_hold';
  return {
    kind: found.kind,
    entity,
    detail: `${found.productIds.join(', ')} held for order ${orderId}, which is ${found.status}`,
    advice: isOver
      ? 'Run with --fix: the stock is given back.'
      : 'Run with --fix: what was sold leaves the stock, or the order is reversed behind a dead checkout.',
    async fix() {
      const now = await lookAt(orderId, productIds, examination);
      if (now?.kind !== found.kind) return undefined;
      const { reconcile, clock } = examination;
      const deed = await settleHold({ orderId, productIds: now.productIds }, clock.now(), reconcile);
      if (!deed) return undefined;
      await auditRepair(examination, entity, found.kind);
      return `order ${orderId}: stock ${deed}`;
    },
  };
}

async function lookAt(orderId: string, productIds: readonly string[], examination: Examination) {
  const { orders } = examination.reconcile;
  const glance = await orders.find(orderId);
  if (glance && !isOfHolds(glance, examination)) return undefined;
  // In this order: a checkout that has ended cannot change the order that is read after it, nor that order the row.
  if (!(await restingHealth(orderId, examination))) return undefined;
  const found = await orders.findWithPayment(orderId);
  const order = found?.order;
  if (order && !isOfHolds(order, examination)) return undefined;
  const still: string[] = [];
  for (const productId of productIds) {
    if (await isHeld(orderId, productId, examination)) still.push(productId);
  }
  if (still.length === 0) return undefined;
  const status = order?.status ?? 'missing';
  if (!order || status === 'Failed' || status === 'Cancelled') {
    return { kind: 'leaked_hold' as const, status, productIds: still };
  }
  // Of a paid order that a sale cannot mend, the stuck order is the finding.
  const isUndone = found.payment?.undo !== undefined;
  const isSaleable = status !== 'Paid' || (!isUndone && (await paidStock(order, examination)) === 'held');
  return isSaleable ? { kind: 'unsold_hold' as const, status, productIds: still } : undefined;
}

/** Of an order that has not ended, or that is being reversed, the stuck order is the finding. */
function isOfHolds({ status, reversing, updatedAt }: Order, examination: Examination): boolean {
  const isOpen = status === 'Pending' || status === 'AwaitingProfile' || status === 'OnHold';
  return !isOpen && reversing === undefined && isSettledSince(examination, updatedAt);
}

async function isHeld(orderId: string, productId: string, { target, tables }: Examination): Promise<boolean> {
  const key = { TableName: tables.inventory, Key: rowKey(orderId, productId), ConsistentRead: true };
  const { Item } = await target.dynamo.send(new GetCommand(key));
  return Item !== undefined && toHoldRow(Item).state === 'HELD';
}
