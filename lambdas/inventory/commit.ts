import * as z from 'zod';
import { defineTask } from '../../shared/workflow/task-handler.ts';
import type { InventoryTaskPorts } from './ports.ts';

const lineSchema = z.object({ productId: z.string().min(1), quantity: z.int().min(1) });

/** Turns what the order holds into a sale. Throws NotHeldError when it does not hold these lines. */
export const commit = ({ inventory, clock }: InventoryTaskPorts) =>
  defineTask({
    input: z.object({ orderId: z.string().min(1), lines: z.array(lineSchema) }),
    output: z.object({ committed: z.literal(true) }),
    async run({ orderId, lines }) {
      await inventory.commit(orderId, lines, clock.now());
      return { committed: true };
    },
  });
