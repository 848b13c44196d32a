import { changeOrder } from '../order-store.ts';
import type { CheckoutPorts } from './ports.ts';

const errorLength = 200;

/** Leaves a mark on an order whose undo did not come through, so that it can be found. Once a step. */
export async function markForRepair(
  { orderId, step, error }: { orderId: string; step: string; error: string },
  { orders, effects }: Pick<CheckoutPorts, 'orders' | 'effects'>,
): Promise<void> {
  const at = effects.clock.now().toISOString();
  await changeOrder(orders, orderId, (order) =>
    order.repair?.some((mark) => mark.step === step)
      ? undefined
      : {
          ...order,
          repair: [...(order.repair ?? []), { step, error: error.slice(0, errorLength), at }],
          updatedAt: at,
        },
  );
}
