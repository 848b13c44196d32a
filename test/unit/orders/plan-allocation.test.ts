import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocateItems, planAllocation } from '../../../shared/orders/checkout/plan-allocation.ts';
import { anItem } from '../../support/builders/order.ts';

const wished = [
  { productId: 'mug', quantity: 2 },
  { productId: 'pan', quantity: 3 },
];
const stock = (counts: Record<string, number>) => (id: string) => counts[id] ?? 0;

describe('planAllocation', () => {
  test('takes everything that was ordered when it is there', () => {
    const plan = planAllocation(wished, stock({ mug: 2, pan: 9 }), false);
    expect(plan).toEqual({ outcome: 'allocated', lines: wished });
  });

  test('takes nothing when a line is short and the customer wants all or nothing', () => {
    expect(planAllocation(wished, stock({ mug: 2, pan: 2 }), false)).toEqual({
      outcome: 'out_of_stock',
      lines: [],
    });
  });

  test('takes what there is when the customer allows a part', () => {
    expect(planAllocation(wished, stock({ pan: 2 }), true)).toEqual({
      outcome: 'partial',
      lines: [{ productId: 'pan', quantity: 2 }],
    });
  });

  test('is out of stock when there is nothing of anything, part allowed or not', () => {
    expect(planAllocation(wished, stock({}), true).outcome).toBe('out_of_stock');
  });

  test('never plans more than was ordered or is free', () => {
    const lines = fc.uniqueArray(
      fc.record({ productId: fc.string({ minLength: 1 }), quantity: fc.integer({ min: 1, max: 999 }) }),
      { selector: (line) => line.productId, minLength: 1, maxLength: 50 },
    );
    fc.assert(
      fc.property(
        lines,
        fc.func(fc.integer({ min: -5, max: 1200 })),
        fc.boolean(),
        (items, free, partial) => {
          const plan = planAllocation(items, free, partial);
          for (const { productId, quantity } of plan.lines) {
            const ordered = items.find((item) => item.productId === productId)?.quantity ?? 0;
            expect(quantity).toBeGreaterThan(0);
            expect(quantity).toBeLessThanOrEqual(Math.min(ordered, free(productId)));
          }
          if (plan.outcome === 'allocated') expect(plan.lines).toEqual(items);
          if (plan.outcome === 'partial') expect(partial).toBe(true);
        },
      ),
    );
  });
});

describe('allocateItems', () => {
  const items = [anItem({ productId: 'mug', quantity: 2 }), anItem({ productId: 'pan', quantity: 3 })];

  test('shows both halves of a partial order', () => {
    const allocated = allocateItems(items, [{ productId: 'pan', quantity: 1 }], () => true);
    expect(allocated.map(({ allocated: count, status }) => [count, status])).toEqual([
      [0, 'unfulfilled'],
      [1, 'partial'],
    ]);
  });

  test('marks only the short lines of an order that gets nothing', () => {
    const allocated = allocateItems(items, [], (productId) => productId === 'pan');
    expect(allocated.map((item) => item.status)).toEqual(['pending', 'unfulfilled']);
  });
});
