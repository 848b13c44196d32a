import * as z from 'zod';
import { createAuditReader } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import { channels, notificationEvents } from '../../shared/notifications/notification.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { PaymentRecord } from '../../shared/payments/payment-record.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';
import { type ExplainedExecution, explainExecution, reversalsOf } from './execution-events.ts';

/** What an order has, had or returned of a product. */
const rowSchema = z.object({
  productId: z.string(),
  quantity: z.number().optional(),
  delta: z.number().optional(),
  state: z.string().optional(),
  heldAt: z.string().optional(),
  at: z.string().optional(),
  releasedAt: z.string().optional(),
  returnedAt: z.string().optional(),
  sk: z.string(),
});
export type StockRow = z.infer<typeof rowSchema>;

const claimSchema = z.object({ pk: z.string(), state: z.string(), outcome: z.string().optional() });

export interface Sent {
  readonly type: string;
  /** `published`, or the channel that it went over. */
  readonly over: string;
  readonly state: string;
}

/** All that is stored of an order, wherever it is. */
export interface OrderFacts {
  readonly orderId: string;
  /** Absent once it was deleted: its trail stays. */
  readonly order: Order | undefined;
  readonly payment: PaymentRecord | undefined;
  readonly trail: readonly AuditEntry[];
  readonly stock: readonly StockRow[];
  readonly sent: readonly Sent[];
  readonly executions: readonly ExplainedExecution[];
}

const entriesPerPage = 100;

export async function gatherFacts(target: Target, orderId: string): Promise<OrderFacts> {
  const tables = tablesOf(target);
  const { dynamo } = target;
  const found = await createOrderStore(dynamo, tables, retryEffects).findWithPayment(orderId);
  const trail = await trailOf(target, tables.audit, orderId);
  const moments = [...trail, ...(found?.order.timeline ?? [])].map(({ at }) => at);
  const [stock, sent, executions] = await Promise.all([
    queryAll(dynamo, {
      TableName: tables.inventory,
      IndexName: 'byOrder',
      KeyConditionExpression: 'orderId = :order',
      ExpressionAttributeValues: { ':order': orderId },
    }),
    sentOf(target, tables.idempotency, orderId, found?.order.userId),
    executionsOf(target, orderId, moments),
  ]);
  return {
    orderId,
    order: found?.order,
    payment: found?.payment,
    trail,
    stock: stock.map((row) => rowSchema.parse(row)),
    sent,
    executions,
  };
}

async function trailOf(target: Target, table: string, orderId: string): Promise<AuditEntry[]> {
  const reader = createAuditReader(target.dynamo, table);
  const entries: AuditEntry[] = [];
  let after: Record<string, string> | undefined;
  do {
    const page = await reader.entriesOf(
      { type: 'order', id: orderId },
      {
        limit: entriesPerPage,
        ...(after ? { after } : {}),
      },
    );
    entries.push(...page.items);
    after = page.next;
  } while (after);
  return entries.reverse();
}

/** Records that say so for 30 days: of what was published, and of what reached the customer over which channel. */
async function sentOf(
  target: Target,
  table: string,
  orderId: string,
  userId: string | undefined,
): Promise<Sent[]> {
  const types = Object.keys(notificationEvents);
  const published = types.map((type) => ({ key: `NOTIFY#${orderId}#${type}`, type, over: 'published' }));
  const delivered = channels.flatMap((channel) =>
    types.map((type) => ({
      key: `DELIVERY#${channel}#${orderId}#${type}#${userId}`,
      type,
      over: `by ${channel}`,
    })),
  );
  const looked = [...published, ...(userId === undefined ? [] : delivered)];
  const keys = looked.map(({ key }) => ({ pk: key }));
  const claims = await batchGet(target.dynamo, table, keys, retryEffects, { consistent: true });
  const byKey = new Map(claims.map((claim) => claimSchema.parse(claim)).map((claim) => [claim.pk, claim]));
  return looked.flatMap(({ key, type, over }) => {
    const claim = byKey.get(key);
    return claim ? [{ type, over, state: claim.outcome ?? claim.state }] : [];
  });
}

async function executionsOf(
  target: Target,
  orderId: string,
  moments: readonly string[],
): Promise<ExplainedExecution[]> {
  const checkout = `${target.output('StateMachineArn').replace(':stateMachine:', ':execution:')}:${orderId}`;
  const machine = target.output('ReversalStateMachineArn');
  const reversals = await reversalsOf(target.workflows, machine, orderId, moments);
  const found = await Promise.all(
    [checkout, ...reversals].map((arn) => explainExecution(target.workflows, arn)),
  );
  return found.flatMap((execution) => execution ?? []);
}
