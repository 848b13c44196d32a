import * as z from 'zod';
import { defineTask } from '../../shared/workflow/task-handler.ts';
import type { InventoryTaskPorts } from './ports.ts';

/**
 * Gives back whatever the order has, held or sold. It is told every product of the order rather than what was
 * held, because the answer of the hold may be what got lost.
 */
export const release = ({ inventory, clock }: InventoryTaskPorts) =>
  defineTask({
    input: z.object({ orderId: z.string().min(1), productIds: z.array(z.string().min(1)) }),
    output: z.object({ released: z.literal(true) }),
    async run({ orderId, productIds }) {
      await inventory.release(orderId, productIds, clock.now());
      return { released: true };
    },
  });
