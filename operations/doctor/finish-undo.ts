import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { isConditionFailure } from '../../shared/adapters/dynamodb/faults.ts';
import { orderKey } from '../../shared/adapters/dynamodb/order-item.ts';
import type { Order } from '../../shared/orders/order.ts';
import { invokeTask } from '../support/invoke-task.ts';
import type { Examination } from './doctor.ts';

/**
 * Runs the payment's undo in the Lambda that has the provider's keys, and lets the order show what came back.
 * Both may run any number of times.
 */
export async function finishUndo(
  order: Pick<Order, 'orderId'> | Order,
  { target }: Examination,
): Promise<void> {
  const { orderId } = order;
  await invokeTask(target, 'Payment', { task: 'undo', orderId });
  if ('status' in order) {
    const failure = { code: order.cancel ? 'cancelled' : 'internal', system: false };
    await invokeTask(target, 'OrderWorkflow', { task: 'failOrder', orderId, failure });
  }
}

/** Runs the undos that an order has marks of again, and takes the marks off once all have come through. */
export async function clearMarks(
  orderId: string,
  { reconcile, target, tables, clock }: Examination,
): Promise<string | undefined> {
  const order = await reconcile.orders.find(orderId);
  if (!order?.repair) return undefined;
  await repeatUndos(order, target);
  const command = new UpdateCommand({
    TableName: tables.orders,
    Key: orderKey(orderId),
    UpdateExpression: 'REMOVE repair SET updatedAt = :now ADD version :one',
    // Marks that came meanwhile stay, to be found by the next run.
    ConditionExpression: 'repair = :seen',
    ExpressionAttributeValues: { ':seen': order.repair, ':now': clock.now().toISOString(), ':one': 1 },
  });
  try {
    await target.dynamo.send(command);
  } catch (error) {
    if (isConditionFailure(error)) return undefined;
    throw error;
  }
  return `order ${orderId}: undos done, marks taken off`;
}

/** Of an order that somebody has carried on, nothing is to be undone any more. */
async function repeatUndos(
  { orderId, status, cancel, items, repair = [] }: Order,
  target: Examination['target'],
): Promise<void> {
  const steps = new Set(repair.map(({ step }) => step));
  if (status === 'Refunded') {
    if (steps.has('UndoPayment')) await invokeTask(target, 'Payment', { task: 'undo', orderId });
    await invokeTask(target, 'OrderWorkflow', { task: 'closeRefund', orderId });
  }
  if (status !== 'Failed' && status !== 'Cancelled') return;
  if (steps.has('UndoPayment')) await invokeTask(target, 'Payment', { task: 'undo', orderId });
  if (steps.has('ReleaseInventory')) {
    const productIds = items.map(({ productId }) => productId);
    await invokeTask(target, 'Inventory', { task: 'release', orderId, productIds });
  }
  const failure = { code: cancel ? 'cancelled' : 'internal', system: true };
  await invokeTask(target, 'OrderWorkflow', { task: 'failOrder', orderId, failure });
}
