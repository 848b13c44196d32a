import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../../shared/api/problem.ts';
import { adjustStock } from '../../../shared/catalogue/adjust-stock.ts';
import { productRoutes } from '../../../shared/catalogue/product-routes.ts';
import { systemEffects } from '../../../shared/effects.ts';
import { HoldRefusedError, NotHeldError } from '../../../shared/inventory/inventory-store.ts';
import { aRequest } from '../../support/builders/product-request.ts';
import { type Catalogue, persist, startCatalogue } from '../../support/catalogue-fixture.ts';

const at = new Date('2026-03-04T05:06:07.890Z');
const orders = 4;
const products = 2;

const quantities = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: products, maxLength: products });
const order = fc.integer({ min: 0, max: orders - 1 });
const step = fc.oneof(
  fc.record({ kind: fc.constant('hold' as const), order, quantities }),
  fc.record({ kind: fc.constant('commit' as const), order }),
  fc.record({ kind: fc.constant('release' as const), order }),
  fc.record({
    kind: fc.constant('adjust' as const),
    product: fc.integer({ min: 0, max: products - 1 }),
    delta: fc.integer({ min: -6, max: 6 }).filter((delta) => delta !== 0),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
/** Groups run one after the other, the steps of a group at the same time. */
const history = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 5 });

describe('stock', () => {
  let shop: Catalogue;
  beforeAll(async () => {
    shop = await startCatalogue();
  });
  afterAll(() => shop.stop());

  it('balances after any interleaving of holds, sales, releases and adjustments', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 0, max: 8 }), async (groups, stockCount) => {
        run += 1;
        const seeded = await Promise.all(Array.from({ length: products }, () => shop.seed({ stockCount })));
        const ids = seeded.map((product) => product.productId);
        for (const group of groups) {
          await Promise.all(group.map((each) => perform(each, `run-${run}`, ids)));
        }
        for (const id of ids) await expectBalance(id);
      }),
      { numRuns: 60 },
    );
  });

  async function perform(each: Step, run: string, ids: string[]): Promise<void> {
    try {
      await persist(() => act(each, run, ids));
    } catch (error) {
      const isAllowed =
        error instanceof HoldRefusedError ||
        error instanceof NotHeldError ||
        (error instanceof Problem && error.code === 'insufficient_stock');
      if (!isAllowed) throw error;
    }
  }

  async function act(each: Step, run: string, ids: string[]): Promise<unknown> {
    if (each.kind === 'adjust') {
      const parts = {
        params: { productId: ids[each.product] ?? '' },
        body: { delta: each.delta, reason: 'count' },
      };
      const request = aRequest(productRoutes.adjustStock, 'Manager', parts);
      return adjustStock(request, { products: shop.products, effects: systemEffects() });
    }
    const orderId = `${run}-${each.order}`;
    if (each.kind === 'release') return shop.inventory.release(orderId, ids, at);
    if (each.kind === 'commit') {
      return shop.inventory.commit(orderId, await shop.inventory.linesOf(orderId, ids), at);
    }
    const lines = ids.map((productId, index) => ({ productId, quantity: each.quantities[index] ?? 0 }));
    return shop.inventory.hold(orderId, lines, at);
  }

  async function expectBalance(id: string): Promise<void> {
    const counts = (await shop.counts(id)) ?? { stock: Number.NaN, available: Number.NaN };
    const ledger = await shop.ledgerOf(id);
    expect(counts.available).toBe(counts.stock - (await shop.heldOf(id)));
    expect(counts.available).toBeGreaterThanOrEqual(0);
    expect(ledger.reduce((sum, change) => sum + change.delta, 0)).toBe(counts.stock);
  }
});
