import { type FaultSettings, type Outage, services } from './faults.ts';
import { createRng, type Rng } from './random.ts';

/** What somebody does about an order, so many milliseconds after it was placed, as soon as it can be done. */
export interface Act {
  readonly after: number;
  readonly kind: 'cancel' | 'approve' | 'reject' | 'ship' | 'deliver' | 'refund' | 'stop';
}

export interface OrderPlan {
  /** Milliseconds from the world's start. */
  readonly at: number;
  /** Index of who orders. */
  readonly customer: number;
  readonly lines: readonly { readonly product: number; readonly quantity: number }[];
  /** The provider's token. */
  readonly method: string;
  readonly promotion: number | undefined;
  readonly allowPartial: boolean;
  /** How many times the client sends the same request at once. */
  readonly copies: number;
  readonly acts: readonly Act[];
}

/** All that happens in one small world. Plain data: it can be printed, shrunk and replayed. */
export interface Scenario {
  /** Seeds latencies, ids and chance. */
  readonly seed: number;
  readonly products: readonly {
    readonly stock: number;
    readonly price: number;
    readonly threshold: number;
  }[];
  /** A customer without a profile completes it at `completesAt`, or never. */
  readonly customers: readonly { readonly hasProfile: boolean; readonly completesAt: number | undefined }[];
  readonly promotions: readonly PromotionPlan[];
  readonly orders: readonly OrderPlan[];
  readonly adjustments: readonly { readonly at: number; readonly product: number; readonly delta: number }[];
  readonly faults: FaultSettings;
}

export interface PromotionPlan {
  readonly kind: 'percent' | 'fixed';
  readonly value: number;
  readonly maxUses: number | undefined;
  readonly maxUsesPerUser: number | undefined;
  readonly firstOrderOnly: boolean;
}

const minute = 60_000;

/** Payment methods and how often they are used. Names are the provider's test methods. */
const methods: readonly (readonly [string, number])[] = [
  ['pm_card_visa', 60],
  ['pm_card_mastercard', 12],
  ['pm_card_riskLevelElevated', 12],
  ['pm_card_visa_chargeDeclined', 8],
  ['pm_card_radarBlock', 4],
  ['pm_card_amex', 4],
];

function weighted<T>(rng: Rng, choices: readonly (readonly [T, number])[]): T {
  let at = rng.int(choices.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [choice, weight] of choices) {
    if (at < weight) return choice;
    at -= weight;
  }
  throw new Error('weights are numbers above 0');
}

/** A world drawn by chance from its seed. @param orders how many are placed */
export function randomScenario(seed: number, orders: number): Scenario {
  const rng = createRng(seed, 'scenario');
  const span = minute * (2 + rng.int(40));
  const products = Array.from({ length: 1 + rng.int(4) }, () => ({
    stock: 1 + rng.int(Math.max(2, orders)),
    price: 100 + rng.int(20_000),
    threshold: rng.int(6),
  }));
  const customers = Array.from({ length: 1 + rng.int(Math.max(2, Math.ceil(orders / 4))) }, () => {
    const hasProfile = rng.chance(0.85);
    return { hasProfile, completesAt: hasProfile || rng.chance(0.2) ? undefined : rng.int(2 * span) };
  });
  const promotions = Array.from({ length: rng.int(3) }, (): PromotionPlan => {
    const kind = rng.chance(0.6) ? 'percent' : 'fixed';
    return {
      kind,
      value: kind === 'percent' ? rng.pick([5, 10, 50, 100]) : 1 + rng.int(3_000),
      maxUses: rng.chance(0.7) ? 1 + rng.int(Math.ceil(orders / 5)) : undefined,
      maxUsesPerUser: rng.chance(0.5) ? 1 + rng.int(2) : undefined,
      firstOrderOnly: rng.chance(0.2),
    };
  });
  const planned = Array.from({ length: orders }, () =>
    plannedOrder(rng, span, { products, customers, promotions }),
  );
  return {
    seed,
    products,
    // Half of those who complete their profile do so in the seconds after an order, while its checkout looks.
    customers: customers.map((customer, index) => {
      const first = planned.find((plan) => plan.customer === index);
      if (customer.completesAt === undefined || !first || rng.chance(0.5)) return customer;
      return { ...customer, completesAt: first.at + rng.int(400) };
    }),
    promotions,
    orders: planned,
    adjustments: Array.from({ length: rng.int(5) }, () => ({
      at: rng.int(span),
      product: rng.int(products.length),
      delta: rng.chance(0.6) ? 1 + rng.int(10) : -1 - rng.int(5),
    })),
    faults: plannedFaults(rng, span),
  };
}

function plannedOrder(
  rng: Rng,
  span: number,
  { products, customers, promotions }: Pick<Scenario, 'products' | 'customers' | 'promotions'>,
): OrderPlan {
  const first = rng.int(products.length);
  const count = 1 + (rng.chance(0.4) ? rng.int(products.length) : 0);
  return {
    // Now and then many at the same moment.
    at: rng.chance(0.3) ? Math.floor(span / 2) : rng.int(span),
    customer: rng.int(customers.length),
    lines: Array.from({ length: count }, (_, index) => ({
      product: (first + index) % products.length,
      quantity: 1 + rng.int(3),
    })),
    method: weighted(rng, methods),
    promotion: promotions.length > 0 && rng.chance(0.4) ? rng.int(promotions.length) : undefined,
    allowPartial: rng.chance(0.4),
    copies: rng.chance(0.1) ? 2 : 1,
    acts: plannedActs(rng),
  };
}

function plannedActs(rng: Rng): Act[] {
  const soon = () => rng.int(rng.chance(0.5) ? 3_000 : 10 * minute);
  const acts: Act[] = [];
  if (rng.chance(0.85)) acts.push({ after: soon(), kind: rng.chance(0.75) ? 'approve' : 'reject' });
  if (rng.chance(0.18)) acts.push({ after: soon(), kind: 'cancel' });
  if (rng.chance(0.5)) {
    acts.push({ after: soon(), kind: 'ship' });
    if (rng.chance(0.5)) acts.push({ after: soon(), kind: 'deliver' });
    if (rng.chance(0.3)) acts.push({ after: soon(), kind: 'refund' });
  }
  if (rng.chance(0.02)) acts.push({ after: soon(), kind: 'stop' });
  return acts;
}

/** Some worlds are calm, most have a fault in some calls, a few in many; in some a service is out for a while. */
function plannedFaults(rng: Rng, span: number): FaultSettings {
  const rate = weighted(rng, [
    [0, 15],
    [0.01, 45],
    [0.04, 30],
    [0.12, 10],
  ]);
  const outages = rng.chance(0.2)
    ? [anOutage(rng, span), ...(rng.chance(0.2) ? [anOutage(rng, span)] : [])]
    : [];
  return { planned: [], rate, until: span + 30 * minute, outages };
}

function anOutage(rng: Rng, span: number): Outage {
  const from = rng.int(span);
  return {
    service: rng.pick(services),
    from,
    to: from + 5_000 + rng.int(rng.chance(0.7) ? 2 * minute : 12 * minute),
    lostShare: rng.chance(0.5) ? 0 : 0.3,
  };
}
