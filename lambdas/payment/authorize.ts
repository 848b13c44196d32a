import * as z from 'zod';
import type { Clock } from '../../shared/effects.ts';
import { moneySchema } from '../../shared/money/money.ts';
import { logger } from '../../shared/observability/logger.ts';
import { OrderMissingError, type OrderStore } from '../../shared/orders/order-store.ts';
import { judge } from '../../shared/payments/fraud-rules.ts';
import type { FraudRules } from '../../shared/payments/fraud-settings.ts';
import { authorizePayment, type PaymentPorts } from '../../shared/payments/pay.ts';
import type { FindCustomer } from '../../shared/payments/payment-customers.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

/**
 * ProcessPayment. Every member is always answered, as the state machine's selectors name them all.
 * The provider's token is read from the order: the workflow's history is kept for months and cannot be
 * erased, so its state names the payment method by a reference alone. Nor does it tell why an order is held.
 */
export const authorize = (
  ports: PaymentPorts & {
    orders: Pick<OrderStore, 'find'>;
    fraudRules: FraudRules;
    clock: Clock;
    /** Undefined where the provider keeps no customers. */
    findCustomer: FindCustomer | undefined;
  },
) =>
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
      const { userId, paymentMethod, address, fraudFacts: facts, providerCustomerId } = order;
      const suspect = { total: totalAmount, deliveryCountry: address?.country, facts };
      const result = await authorizePayment(ports, {
        orderId,
        amount: totalAmount,
        paymentMethod: paymentMethod.token,
        customerId: async () => ports.findCustomer && (providerCustomerId ?? ports.findCustomer(userId)),
        screen: (payment) => judge(ports.fraudRules, { ...suspect, payment }),
      });
      const { fraudFlag, fraudReasons = [] } = result.status === 'authorized' ? result : { fraudFlag: false };
      if (fraudFlag) {
        logger.info('payment held for review', { reasons: fraudReasons.map(({ code }) => code) });
      }
      return { status: result.status, paymentId: result.paymentId ?? null, fraudFlag };
    },
  });
