import * as z from 'zod';
import { type PaymentPorts, undoPayment } from '../../shared/payments/pay.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const undo = (ports: PaymentPorts) =>
  defineTask({
    input: z.object({ orderId: z.string() }),
    output: z.null(),
    async run({ orderId }) {
      await undoPayment(ports, orderId);
      return null;
    },
  });
