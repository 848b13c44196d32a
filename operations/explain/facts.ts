import * as z from 'zod';
import { createAuditReader } from '../../shared/adapters/dynamodb/audit-trail.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import type { AuditEntry } from '../../shared/audit/audit-entry.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { PaymentRecord } from '../../shared/payments/payment-record.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';
import { type ExplainedExecution, explainExecution, reversalsOf } from './execution-events.ts';
import { type Sent, sentOf } from './sent.ts';

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
    sentOf(target, {
      orderId,
      userId: found?.order.userId,
      trail,
      paymentId: found?.payment?.paymentId,
    }),
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
