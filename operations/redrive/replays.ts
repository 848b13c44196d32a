import { randomBytes } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { orderToItem } from '../../shared/adapters/dynamodb/order-item.ts';
import { createOrderStore } from '../../shared/adapters/dynamodb/order-store.ts';
import type { Order } from '../../shared/orders/order.ts';
import { checkInsights } from '../doctor/insights.ts';
import { examinationOf } from '../doctor.ts';
import { invokeFunction, invokeTask, type TaskFunction } from '../support/invoke-task.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';
import { sealsOf } from './lost-seals.ts';

/** How the messages of a dead-letter queue without a source queue are made good. */
export interface Replay {
  readonly how: string;
  /** @returns what a person should know of it */
  message(body: string): Promise<readonly string[]>;
}

const unitsPerSecond = 200;

/** By the queue's name; of the others SQS knows where the messages came from. */
export function replaysOf(target: Target): ReadonlyMap<string, Replay> {
  const sealLost = sealsOf(target);
  return new Map<string, Replay>([
    ['Checkout', { how: 'the task is run again', message: (body) => repeatTask(target, body) }],
    ['Insights', { how: 'orders are counted anew from the orders', message: once(() => recount(target)) }],
    ['AuditSeal', { how: 'lost entries are sealed from the table, by hand', message: sealLost }],
    ['OrderNotices', { how: 'the orders’ customers are told, once', message: once(() => tell(target)) }],
    [
      'Reconciler',
      {
        how: 'the reconciler is run',
        message: once(() => invokeFunction(target, 'ReconcilerFunctionName', { task: 'reconcile' })),
      },
    ],
  ]);
}

/** What makes all messages good at once is done for the first of them; the others wait for the same. */
function once(work: () => Promise<unknown>): Replay['message'] {
  let done: Promise<unknown> | undefined;
  return async () => {
    done ??= work();
    await done;
    return [];
  };
}

const taskSchema = z.looseObject({ task: z.enum(['notify', 'track', 'record']), orderId: z.string() });
const functions: Readonly<Record<z.infer<typeof taskSchema>['task'], TaskFunction>> = {
  notify: 'Notification',
  track: 'Analytics',
  record: 'Audit',
};

/** A message of the state machine names the task that could not be done, with its input. Each is done once in all. */
async function repeatTask(target: Target, body: string): Promise<readonly string[]> {
  const { error: _error, execution: _execution, ...task } = taskSchema.parse(JSON.parse(body));
  await invokeTask(target, functions[task.task], task);
  return [];
}

/** The stream keeps records for a day, the orders themselves say the same for good. */
async function recount(target: Target): Promise<void> {
  const options = { fix: true, graceMilliseconds: 0, unitsPerSecond };
  const findings = await checkInsights(examinationOf(target, options, () => undefined));
  for (const { fix } of findings) await fix?.();
}

const toldStatuses = ['OnHold', 'Paid', 'Shipped', 'Delivered'] as const;
/** A message waits for 14 days at most. */
const lookBackMilliseconds = 14 * 24 * 3600 * 1000;

/** Shows the Lambda each order's last step as the stream would have: it tells nobody twice. */
async function tell(target: Target): Promise<void> {
  const tables = tablesOf(target);
  const orders = createOrderStore(target.dynamo, tables, retryEffects);
  const since = new Date(Date.now() - lookBackMilliseconds).toISOString();
  for (const status of toldStatuses) {
    for await (const orderId of ordersOf(target, tables.orders, status)) {
      const order = await orders.find(orderId);
      if (!order || order.updatedAt < since) continue;
      // Of what is paid, the approval is told here, and all else by the checkout.
      if (status === 'Paid' && order.review?.decision !== 'approved') continue;
      const answer = await invokeFunction(target, 'OrderNoticesFunctionName', { Records: [lastStep(order)] });
      const { batchItemFailures } = batchAnswerSchema.parse(answer);
      if (batchItemFailures.length > 0) throw new Error(`Order ${orderId} could not be told of`);
    }
  }
}

const batchAnswerSchema = z.object({ batchItemFailures: z.array(z.unknown()) });

async function* ordersOf(target: Target, TableName: string, status: string): AsyncGenerator<string> {
  let position: Record<string, unknown> | undefined;
  do {
    const page = await target.dynamo.send(
      new QueryCommand({
        TableName,
        IndexName: 'byStatus',
        KeyConditionExpression: '#status = :status',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status },
        ...(position ? { ExclusiveStartKey: position } : {}),
      }),
    );
    for (const { orderId } of page.Items ?? []) yield z.string().parse(orderId);
    position = page.LastEvaluatedKey;
  } while (position);
}

function lastStep(order: Order) {
  const before = { ...order, status: order.timeline.at(-2)?.status ?? 'Pending' };
  const image = (item: object) => marshall(item, { removeUndefinedValues: true });
  return {
    eventName: 'MODIFY',
    dynamodb: {
      SequenceNumber: randomBytes(8).toString('hex'),
      OldImage: image({ ...orderToItem(order), ...before }),
      NewImage: image(orderToItem(order)),
    },
  };
}
