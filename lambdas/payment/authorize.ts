import * as z from 'zod';
import { moneySchema } from '../../shared/money/money.ts';
import { OrderMissingError, type OrderStore } from '../../shared/orders/order-store.ts';
import { authorizePayment, type PaymentPorts } from '../../shared/payments/pay.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/**
 * ProcessPayment. Every member is always answered, as the state machine's selectors name them all.
 * The provider's token is read from the order: the workflow's history is kept for months and cannot be
 * erased, so its state names the payment method by a reference alone.
 */
export const authorize = (ports: PaymentPorts & { orders: Pick<OrderStore, 'find'> }) =>
  defineTask({
    input: z.object({
      orderId: z.string(),
      userId: z.string(),
      totalAmount: moneySchema,
      paymentMethod: z.string().describe('The id of a saved method, or that the order has one of its own'),
    }),
    output: z.object({
      status: z.enum(['authorized', 'declined', 'blocked']),
      paymentId: z.string().nullable(),
      fraudFlag: z.boolean(),
    }),
    async run({ orderId, totalAmount }) {
      const order = await ports.orders.find(orderId);
      if (!order) {
        throw new OrderMissingError(`There is no order ${orderId}`);
      }
      const paymentMethod = order.paymentMethod.token;
      const result = await authorizePayment(ports, { orderId, amount: totalAmount, paymentMethod });
      return {
        status: result.status,
        paymentId: result.paymentId ?? null,
        fraudFlag: result.status === 'authorized' && result.fraudFlag,
      };
    },
  });
