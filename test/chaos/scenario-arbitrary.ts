import fc from 'fast-check';
import { callFaults, invocationFaults, type PlannedFault } from './faults.ts';
import type { Act, OrderPlan, Scenario } from './scenario.ts';

/**
 * Scenarios that fast-check can shrink: few orders, each with what people do about it, and faults by name and place.
 * Smaller means fewer orders, calmer people, fewer faults and earlier ones.
 */
export function scenarios({ orders, faults }: { orders: number; faults: number }): fc.Arbitrary<Scenario> {
  return fc
    .record({
      seed: fc.nat(1_000),
      stock: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 2, maxLength: 2 }),
      completesAt: fc.option(fc.nat(120_000), { nil: undefined }),
      orders: fc.array(orderPlan, { minLength: 1, maxLength: orders }),
      planned: fc.array(plannedFault, { maxLength: faults }),
    })
    .map(({ seed, stock, completesAt, orders, planned }) => ({
      seed,
      products: stock.map((count, index) => ({ stock: count, price: 1_000 + index, threshold: 1 })),
      customers: [
        { hasProfile: true, completesAt: undefined },
        { hasProfile: false, completesAt },
      ],
      promotions: [
        { kind: 'percent', value: 10, maxUses: 2, maxUsesPerUser: 1, firstOrderOnly: false },
      ] as const,
      orders,
      adjustments: [],
      faults: { planned, rate: 0, until: 0, outages: [] },
    }));
}

const act: fc.Arbitrary<Act> = fc.record({
  after: fc.nat(20_000),
  kind: fc.constantFrom('cancel', 'approve', 'reject', 'ship', 'deliver', 'refund'),
});

const orderPlan: fc.Arbitrary<OrderPlan> = fc.record({
  at: fc.nat(10_000),
  customer: fc.nat(1),
  lines: fc.constantFrom<OrderPlan['lines']>(
    [{ product: 0, quantity: 1 }],
    [{ product: 1, quantity: 3 }],
    [
      { product: 0, quantity: 2 },
      { product: 1, quantity: 1 },
    ],
  ),
  method: fc.constantFrom('pm_card_visa', 'pm_card_riskLevelElevated', 'pm_card_visa_chargeDeclined'),
  promotion: fc.constantFrom(undefined, 0),
  allowPartial: fc.boolean(),
  copies: fc.constantFrom(1, 2),
  acts: fc.array(act, { maxLength: 3 }),
});

/** By Lambda and not by the world's own count, so that a fault stays where it is while orders are taken out. */
const lambda = fc.constantFrom(
  'order',
  'order-workflow',
  'payment',
  'inventory',
  'notification',
  'audit',
  'user',
);
const plannedFault: fc.Arbitrary<PlannedFault> = fc.oneof(
  fc.record({ in: lambda, call: fc.nat(20), kind: fc.constantFrom(...callFaults) }),
  fc.record({ in: lambda, invocation: fc.nat(6), kind: fc.constantFrom(...invocationFaults) }),
);
