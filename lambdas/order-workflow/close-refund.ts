import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { closeRefund as run } from '../../shared/orders/checkout/settle-order.ts';
import { endingSchema } from '../../shared/orders/ending.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/** The last step of a refund, in place of failOrder. */
export const closeRefund = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string() }),
    output: endingSchema,
    async run({ orderId }) {
      await run(orderId, ports);
      return { code: 'refunded', system: false };
    },
  });
