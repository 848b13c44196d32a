import * as z from 'zod';
import type { StockWatch } from '../../shared/inventory/stock-watch.ts';
import { moneySchema } from '../../shared/money/money.ts';
import type { CheckoutPorts, ValidationPorts } from '../../shared/orders/checkout/ports.ts';
import { validateOrder as run } from '../../shared/orders/checkout/validate-order.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';

export const validateOrder = (ports: CheckoutPorts & ValidationPorts & { stock: StockWatch }) =>
  defineTask({
    input: z.object({ orderId: z.string() }),
    output: z.object({
      outcome: z.enum(['allocated', 'partial', 'out_of_stock', 'cancelled']),
      lines: z.array(z.object({ productId: z.string(), quantity: z.int() })),
      totalAmount: moneySchema,
      paymentMethod: z.string(),
    }),
    run: ({ orderId }) => run(orderId, ports),
  });
