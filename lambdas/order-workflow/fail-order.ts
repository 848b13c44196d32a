import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { endOrder } from '../../shared/orders/checkout/settle-order.ts';
import { endingSchema } from '../../shared/orders/ending.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/** Answers the ending as it turned out: a failure of an order that was to be cancelled is a cancellation. */
export const failOrder = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), failure: endingSchema }),
    output: endingSchema,
    run: ({ orderId, failure }) => endOrder(orderId, failure, ports),
  });
