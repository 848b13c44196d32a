import * as z from 'zod';
import { markForRepair as run } from '../../shared/orders/checkout/mark-for-repair.ts';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const markForRepair = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), step: z.string(), error: z.string() }),
    output: z.null(),
    async run(input) {
      await run(input, ports);
      return null;
    },
  });
