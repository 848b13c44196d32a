import * as z from 'zod';
import type { CheckoutPorts } from '../../shared/orders/checkout/ports.ts';
import { markPaid } from '../../shared/orders/checkout/settle-order.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const updateOrderStatus = (ports: CheckoutPorts) =>
  defineTask({
    input: z.object({ orderId: z.string() }),
    output: z.object({ outcome: z.enum(['paid', 'cancelled']) }),
    run: async ({ orderId }) => ({ outcome: await markPaid(orderId, ports) }),
  });
