import * as z from 'zod';
import { moneySchema } from '../../shared/money/money.ts';
import { authorizePayment, type PaymentPorts } from '../../shared/payments/pay.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/** ProcessPayment. Every member is always answered, as the state machine's selectors name them all. */
export const authorize = (ports: PaymentPorts) =>
  defineTask({
    input: z.object({
      orderId: z.string(),
      userId: z.string(),
      totalAmount: moneySchema,
      paymentMethod: z.string(),
    }),
    output: z.object({
      status: z.enum(['authorized', 'declined', 'blocked']),
      paymentId: z.string().nullable(),
      fraudFlag: z.boolean(),
    }),
    async run({ orderId, totalAmount, paymentMethod }) {
      const result = await authorizePayment(ports, { orderId, amount: totalAmount, paymentMethod });
      return {
        status: result.status,
        paymentId: result.paymentId ?? null,
        fraudFlag: result.status === 'authorized' && result.fraudFlag,
      };
    },
  });
