import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { validateProfile as run } from '../../shared/orders/checkout/validate-profile.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const validateProfile = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), userId: z.string(), fillFromProfile: z.boolean() }),
    output: z.object({ isProfileComplete: z.boolean(), cancelled: z.boolean() }),
    run: (input) => run(input, ports),
  });
