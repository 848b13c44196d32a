import { randomBytes } from 'node:crypto';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { encodeTime } from 'ulid';
import * as z from 'zod';
import { batchGet } from '../../shared/adapters/dynamodb/batch-get.ts';
import { orderKey, orderToItem, toOrder } from '../../shared/adapters/dynamodb/order-item.ts';
import { noticedProductSchema } from '../../shared/notifications/low-stock-notice.ts';
import type { Order } from '../../shared/orders/order.ts';
import { invokeFunction } from '../support/invoke-task.ts';
import { createPace } from '../support/pace.ts';
import { scan } from '../support/scan.ts';
import { retryEffects, tablesOf } from '../support/stage.ts';
import type { Target } from '../support/target.ts';

const dayMilliseconds = 24 * 3600 * 1000;
/**
 * A message waits in the queue for 14 days at most, so what it tells of is no older. What was told is on record for 30:
 * nothing is told again because its record has expired.
 */
const lookBackMilliseconds = 14 * dayMilliseconds;
/** The index knows when an order was placed: of one that took longer than this to its last step, nothing is read. */
const placedWithinMilliseconds = 90 * dayMilliseconds;
const toldStatuses = ['OnHold', 'Paid', 'Shipped', 'Delivered'] as const;
/** Some 200 read units a second, at one or two kilobytes an order; a scan counts its own. */
const ordersPerPage = 100;
const pagesPerSecond = 4;
const unitsPerSecond = 200;

const productSchema = noticedProductSchema.extend({ archived: z.boolean() });
const answerSchema = z.object({ batchItemFailures: z.array(z.unknown()) });

/**
 * Shows the Lambda of the order notices each order's last step, and each mark of low stock, as the streams would have:
 * it tells nobody twice.
 */
export async function tellAgain(target: Target, now = new Date()): Promise<void> {
  await tellOfOrders(target, now);
  await tellOfProducts(target, now);
}

async function tellOfOrders(target: Target, now: Date): Promise<void> {
  const table = tablesOf(target).orders;
  const pace = createPace({ burst: 1, perSecond: pagesPerSecond });
  for (const status of toldStatuses) {
    for await (const ids of pagesOf(target, table, status, now)) {
      await pace();
      // What has changed just now the stream itself tells: an answer that is a moment old does, at half the price.
      const items = await batchGet(target.dynamo, table, ids.map(orderKey), retryEffects, {
        consistent: false,
      });
      for (const order of items.map(toOrder)) {
        if (isDue(order, now)) await show(target, lastStep(order), `order ${order.orderId}`);
      }
    }
  }
}

/** Whether a lost record may have told of the order's last step. Refunds and disputes change an order without one. */
function isDue({ status, timeline, review }: Order, now: Date): boolean {
  const at = timeline.at(-1)?.at;
  if (at === undefined || Date.parse(at) < now.getTime() - lookBackMilliseconds) return false;
  // Of what is paid, the approval is told here, and all else by the checkout.
  return status !== 'Paid' || review?.decision === 'approved';
}

/** Ids of orders by the index, a page at a time. */
async function* pagesOf(
  target: Target,
  TableName: string,
  status: string,
  now: Date,
): AsyncGenerator<string[]> {
  const oldest = encodeTime(Math.max(0, now.getTime() - placedWithinMilliseconds));
  let position: Record<string, unknown> | undefined;
  do {
    const page = await target.dynamo.send(
      new QueryCommand({
        TableName,
        IndexName: 'byStatus',
        KeyConditionExpression: '#status = :status AND orderId >= :oldest',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':status': status, ':oldest': oldest },
        Limit: ordersPerPage,
        ...(position ? { ExclusiveStartKey: position } : {}),
      }),
    );
    const ids = (page.Items ?? []).map(({ orderId }) => z.string().parse(orderId));
    if (ids.length > 0) yield ids;
    position = page.LastEvaluatedKey;
  } while (position);
}

function lastStep(order: Order) {
  const { orderId, timeline } = order;
  const after = orderToItem(order);
  return recordOf(orderKey(orderId), { ...after, status: timeline.at(-2)?.status ?? 'Pending' }, after);
}

async function tellOfProducts(target: Target, now: Date): Promise<void> {
  const since = new Date(now.getTime() - lookBackMilliseconds).toISOString();
  for await (const items of scan(target.dynamo, tablesOf(target).products, { unitsPerSecond })) {
    for (const item of items) {
      const { archived, lowStockSince, ...product } = productSchema.parse(item);
      if (archived || lowStockSince === undefined || lowStockSince < since) continue;
      const { productId } = product;
      const record = recordOf({ productId }, product, { ...product, lowStockSince });
      await show(target, record, `product ${productId}`);
    }
  }
}

function recordOf(keys: object, before: object, after: object) {
  const image = (item: object) => marshall(item, { removeUndefinedValues: true });
  return {
    eventName: 'MODIFY',
    dynamodb: {
      SequenceNumber: randomBytes(8).toString('hex'),
      Keys: image(keys),
      OldImage: image(before),
      NewImage: image(after),
    },
  };
}

async function show(target: Target, record: ReturnType<typeof recordOf>, about: string): Promise<void> {
  const answer = await invokeFunction(target, 'OrderNoticesFunctionName', { Records: [record] });
  if (answerSchema.parse(answer).batchItemFailures.length > 0)
    throw new Error(`Of ${about} nobody could be told`);
}
