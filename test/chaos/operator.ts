import type { LambdaName } from './code.ts';
import type { World } from './world.ts';

interface Repair {
  readonly lambda: LambdaName;
  readonly event: Readonly<Record<string, unknown>>;
}

/**
 * What docs/operations.md has an operator do after the alarms CheckoutFailed and ReversalFailed: the undo of each
 * step that was exhausted, read from the failed executions, once more and in order.
 */
export async function repairAlarmed(world: World): Promise<number> {
  let repairs = 0;
  for (const { name, status, states, input } of world.workflows.executions.values()) {
    if (status !== 'FAILED') continue;
    const { productIds = [] } = JSON.parse(input) as { productIds?: string[] };
    for (const { lambda, event } of repairsOf(name.slice(0, 26), states, productIds)) {
      repairs += 1;
      await world.lambdas.invoke(lambda, event, 'operator');
    }
  }
  return repairs;
}

function repairsOf(orderId: string, states: readonly string[], productIds: readonly string[]): Repair[] {
  const failure = { code: 'internal', system: true };
  return [
    ['MarkPaymentForRepair', 'payment', { task: 'undo', orderId }] as const,
    ['MarkInventoryForRepair', 'inventory', { task: 'release', orderId, productIds }] as const,
    ['MarkOrderForRepair', 'order-workflow', { task: 'failOrder', orderId, failure }] as const,
    ['MarkRefundForRepair', 'order-workflow', { task: 'closeRefund', orderId }] as const,
  ]
    .filter(([state]) => states.includes(state))
    .map(([, lambda, event]) => ({ lambda, event }));
}
