import * as z from 'zod';
import type { PlannedFault } from './faults.ts';
import { orders } from './ledger.ts';
import { customer, ipOf } from './people.ts';
import { runWorld, type WorldResult } from './run-world.ts';
import type { OrderPlan, Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import type { World } from './world.ts';

// Every run is a cold start of all Lambdas: to compile their schemas costs more there than it gives.
z.config({ jitless: true });

/** `npm run crash-points`: everything, for many minutes; else what every `npm test` has the time for. */
export const isWhole = process.env.CRASH_POINTS === 'all';

/** One order's way through an empty shop. */
export interface Journey {
  readonly name: string;
  readonly scenario: Scenario;
  /** The order's status in the end, with the code of its failure, whatever was killed on the way. */
  readonly ends: string;
}

const minute = 60_000;
const visa = 'pm_card_visa';
const elevated = 'pm_card_riskLevelElevated';

function journey(
  name: string,
  ends: string,
  order: Partial<OrderPlan>,
  more: Partial<Omit<Scenario, 'orders'>> = {},
): Journey {
  return {
    name,
    ends,
    scenario: {
      seed: 5,
      products: [{ stock: 2, price: 1_999, threshold: 1 }],
      customers: [{ hasProfile: true, completesAt: undefined }],
      // With both limits, so that the use of a code is among what must come out right.
      promotions: [{ kind: 'percent', value: 10, maxUses: 5, maxUsesPerUser: 1, firstOrderOnly: false }],
      adjustments: [],
      orders: [
        {
          at: 1_000,
          customer: 0,
          lines: [{ product: 0, quantity: 1 }],
          method: visa,
          promotion: 0,
          allowPartial: false,
          copies: 1,
          acts: [],
          ...order,
        },
      ],
      faults: { planned: [], rate: 0, until: 0, outages: [] },
      ...more,
    },
  };
}

// Without a code: one that may be used once would hide a second order in the place of the first.
export const paid = journey('paid', 'Paid', { promotion: undefined });
export const held = journey('held for review and approved', 'Paid', {
  method: elevated,
  acts: [{ after: 5_000, kind: 'approve' }],
});
export const profile = journey(
  'paid after a pause for the profile',
  'Paid',
  {},
  { customers: [{ hasProfile: false, completesAt: 2 * minute }] },
);

export const journeys: readonly Journey[] = [
  paid,
  journey('declined', 'Failed payment_declined', { method: 'pm_card_visa_chargeDeclined' }),
  journey('out of stock', 'Failed out_of_stock', { lines: [{ product: 0, quantity: 3 }] }),
  journey('paid in part', 'Paid', { lines: [{ product: 0, quantity: 3 }], allowPartial: true }),
  held,
  journey('held for review and rejected', 'Failed review_rejected', {
    method: elevated,
    acts: [{ after: 5_000, kind: 'reject' }],
  }),
  profile,
  journey('cancelled once paid', 'Cancelled', { acts: [{ after: minute, kind: 'cancel' }] }),
  journey('refunded after shipment', 'Refunded', {
    acts: [
      { after: minute, kind: 'ship' },
      { after: 2 * minute, kind: 'refund' },
    ],
  }),
];

/** A journey is over with the first run of the reconciler that finds nothing to do. */
const idleRuns = 1;

export interface JourneyResult extends WorldResult {
  /** Each order's status in the end, with the code of its failure. */
  readonly endings: readonly string[];
}

/** A cancellation that is sent and answered while the call of that number waits to go out. */
export interface Cancellation {
  readonly before: number;
}

export interface Disturbance {
  readonly fault?: PlannedFault;
  readonly cancellation?: Cancellation;
  readonly isTraced?: boolean;
}

/** A run of the journey with what is to befall it. */
export async function run(
  stage: Stage,
  { scenario }: Journey,
  { fault, cancellation, isTraced = false }: Disturbance = {},
): Promise<JourneyResult> {
  const faults = { ...scenario.faults, planned: fault ? [fault] : [] };
  let world: World | undefined;
  const prepare = (made: World): void => {
    world = made;
    if (cancellation) made.kernel.before.set(cancellation.before, () => cancelTheOrder(made));
  };
  const result = await runWorld(stage, { ...scenario, faults }, { idleRuns, isTraced, prepare });
  const endings = world
    ? orders(world).map(({ status, failure }) => [status, failure?.code].join(' ').trim())
    : [];
  return { ...result, endings };
}

async function cancelTheOrder(world: World): Promise<void> {
  const [order] = orders(world);
  if (!order) return;
  const { orderId, userId } = order;
  await world.clients.request('order', {
    method: 'POST',
    resource: '/order/{orderId}/cancel',
    params: { orderId },
    as: { ...customer(0, true), userId },
    ip: ipOf(userId),
    body: { reason: 'changed my mind' },
  });
}
