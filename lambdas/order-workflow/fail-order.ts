import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { markFailed } from '../../shared/orders/checkout/settle-order.ts';
import { failureCodeSchema } from '../../shared/orders/order.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const failOrder = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), failure: z.object({ code: failureCodeSchema }) }),
    output: z.null(),
    async run({ orderId, failure }) {
      await markFailed(orderId, failure.code, ports);
      return null;
    },
  });
