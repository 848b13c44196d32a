import * as z from 'zod';
import type { StockWatch } from '../../shared/inventory/stock-watch.ts';
import { logger } from '../../shared/observability/logger.ts';
import { defineTask } from '../../shared/workflow/task-handler.ts';
import type { InventoryTaskPorts } from './ports.ts';

/** Products that are above their threshold again can cross it anew. What fails here is noticed by the next order. */
async function lookAtStock(productIds: readonly string[], stock: StockWatch, at: Date): Promise<void> {
  try {
    await stock.look(productIds, at);
  } catch (error) {
    logger.warn('low stock was not looked at', { error: error instanceof Error ? error : String(error) });
  }
}

/**
 * Gives back whatever the order has, held or sold. It is told every product of the order rather than what was
 * held, because the answer of the hold may be what got lost.
 */
export const release = ({ inventory, stock, clock }: InventoryTaskPorts & { stock: StockWatch }) =>
  defineTask({
    input: z.object({ orderId: z.string().min(1), productIds: z.array(z.string().min(1)) }),
    output: z.object({ released: z.literal(true) }),
    async run({ orderId, productIds }) {
      await inventory.release(orderId, productIds, clock.now());
      await lookAtStock(productIds, stock, clock.now());
      return { released: true };
    },
  });
