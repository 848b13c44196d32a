import {
  DescribeExecutionCommand,
  type ExecutionStatus,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
} from '@aws-sdk/client-sfn';
import { queryAll } from '../../shared/adapters/dynamodb/query-all.ts';
import type { Order } from '../../shared/orders/order.ts';
import type { Examination } from '../doctor/doctor.ts';
import { restingHealth } from '../doctor/under-way.ts';

const endedBadly = ['FAILED', 'ABORTED', 'TIMED_OUT'] as const satisfies readonly ExecutionStatus[];
/** As long as Step Functions lets an execution be redriven. */
const days = 14;

/** An execution that ended badly, and what can be done for its order. */
export interface DeadExecution {
  readonly arn: string;
  readonly orderId: string;
  readonly status: string;
  readonly isCheckout: boolean;
  /**
   * `redrive`: it goes on where it stopped. `repair`: its way back is barred or it is not to be redriven, so the order
   * is reversed.
   */
  readonly remedy: 'redrive' | 'repair';
}

/** Executions of the last 14 days whose orders still need them; those of orders that are settled are history. */
export async function deadExecutions(examination: Examination): Promise<DeadExecution[]> {
  const { target, clock } = examination;
  const since = clock.now().getTime() - days * 24 * 3600 * 1000;
  const dead = new Map<string, DeadExecution>();
  for (const machine of ['ReversalStateMachineArn', 'StateMachineArn']) {
    for (const status of endedBadly) {
      for await (const { arn, name } of listed(examination, target.output(machine), status, since)) {
        const orderId = name.split('-')[0] ?? name;
        if (dead.has(orderId)) continue;
        const execution = { arn, orderId, status, isCheckout: machine === 'StateMachineArn' };
        const remedy = await remedyFor(execution, examination);
        if (remedy) dead.set(orderId, { ...execution, remedy });
      }
    }
  }
  return [...dead.values()];
}

async function* listed(
  { target }: Examination,
  stateMachineArn: string,
  status: ExecutionStatus,
  since: number,
) {
  let nextToken: string | undefined;
  do {
    const page = await target.workflows.send(
      new ListExecutionsCommand({
        stateMachineArn,
        statusFilter: status,
        maxResults: 1000,
        ...(nextToken ? { nextToken } : {}),
      }),
    );
    for (const { executionArn = '', name = '', stopDate } of page.executions ?? []) {
      if (stopDate && stopDate.getTime() >= since) yield { arn: executionArn, name };
    }
    nextToken = page.nextToken;
  } while (nextToken);
}

async function remedyFor(
  { orderId, arn, isCheckout }: Omit<DeadExecution, 'remedy'>,
  examination: Examination,
): Promise<DeadExecution['remedy'] | undefined> {
  const { orders } = examination.reconcile;
  const glance = await orders.find(orderId);
  // Most dead executions are history: their orders were reversed long ago.
  if (!glance || !isWaiting(glance)) return undefined;
  if (!(await restingHealth(orderId, examination))) return undefined;
  const found = await orders.findWithPayment(orderId);
  if (!found || !isWaiting(found.order)) return undefined;
  const { payment } = found;
  // Behind an undo no step of the checkout can succeed any more; a reversal is nothing but undos.
  const isBarred = isCheckout && (payment?.undo !== undefined || (await hasReleased(orderId, examination)));
  return !isBarred && (await canGoOn(arn, examination)) ? 'redrive' : 'repair';
}

function isWaiting({ status, reversing }: Order): boolean {
  const isOpen = status === 'Pending' || status === 'AwaitingProfile' || status === 'OnHold';
  return isOpen || reversing !== undefined;
}

async function hasReleased(orderId: string, { target, tables }: Examination): Promise<boolean> {
  const rows = await queryAll(target.dynamo, {
    TableName: tables.inventory,
    IndexName: 'byOrder',
    KeyConditionExpression: 'orderId = :order',
    ExpressionAttributeValues: { ':order': orderId },
  });
  return rows.some(({ state }) => state === 'RELEASED' || state === 'RETURNED');
}

/** One that ended in a Fail state would end there again. */
async function canGoOn(executionArn: string, { target }: Examination): Promise<boolean> {
  const { redriveStatus } = await target.workflows.send(new DescribeExecutionCommand({ executionArn }));
  if (redriveStatus !== 'REDRIVABLE') return false;
  const { events = [] } = await target.workflows.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 2 }),
  );
  return events.every(({ type }) => type !== 'FailStateEntered');
}

/** Lets the execution go on, or reverses its order, if that still is what it needs. */
export async function revive(execution: DeadExecution, examination: Examination): Promise<string> {
  const { arn, orderId, remedy } = execution;
  const { target, reconcile, clock } = examination;
  if ((await remedyFor(execution, examination)) !== remedy) return 'has moved on meanwhile';
  if (remedy === 'redrive') {
    await target.workflows.send(new RedriveExecutionCommand({ executionArn: arn }));
    return 'goes on where it stopped';
  }
  const order = await reconcile.orders.find(orderId);
  if (!order) return 'there is no such order any more';
  const productIds = order.items.map(({ productId }) => productId);
  const kind = order.reversing ?? (order.cancel ? 'cancel' : 'repair');
  await reconcile.reversals.start(
    { orderId, userId: order.userId, productIds, kind },
    // Named by the minute: the one of this hour may be what has failed.
    clock.now().toISOString().slice(0, 16).replace(':', '-'),
  );
  return `reversal started (${kind})`;
}
