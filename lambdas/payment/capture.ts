import * as z from 'zod';
import { moneySchema } from '../../shared/money/money.ts';
import { capturePayment, type PaymentPorts } from '../../shared/payments/pay.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const capture = (ports: PaymentPorts) =>
  defineTask({
    input: z.object({ orderId: z.string(), paymentId: z.string(), totalAmount: moneySchema }),
    output: z.null(),
    async run({ orderId, paymentId, totalAmount }) {
      await capturePayment(ports, { orderId, paymentId, amount: totalAmount });
      return null;
    },
  });
