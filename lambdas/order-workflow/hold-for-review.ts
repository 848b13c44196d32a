import * as z from 'zod';
import { holdForReview as run } from '../../shared/orders/checkout/hold-for-review.ts';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const holdForReview = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), taskToken: z.string() }),
    output: z.null(),
    async run(input) {
      await run(input, ports);
      return null;
    },
  });
