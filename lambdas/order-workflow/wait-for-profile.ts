import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { waitForProfile as run } from '../../shared/orders/checkout/validate-profile.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const waitForProfile = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), userId: z.string(), taskToken: z.string() }),
    output: z.null(),
    async run(input) {
      await run(input, ports);
      return null;
    },
  });
