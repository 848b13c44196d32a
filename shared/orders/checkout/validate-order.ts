import type { Product } from '../../catalogue/product.ts';
import { TransientError } from '../../errors.ts';
import type { StockLine } from '../../inventory/inventory-store.ts';
import type { StockWatch } from '../../inventory/stock-watch.ts';
import type { Money } from '../../money/money.ts';
import { counterReads, type RecentOrders, recentOrders } from '../../payments/velocity.ts';
import type { Order } from '../order.ts';
import { changeOrder, OrderMissingError } from '../order-store.ts';
import { priceOrder } from '../price-order.ts';
import {
  type AllocationOutcome,
  type AllocationPlan,
  allocateItems,
  planAllocation,
} from './plan-allocation.ts';
import type { CheckoutPorts, ValidationPorts } from './ports.ts';

export interface ValidatedOrder {
  readonly outcome: AllocationOutcome | 'cancelled';
  readonly lines: StockLine[];
  readonly totalAmount: Money;
  /** Id of the saved payment method, or `one-off`; never the provider's token, as workflow history keeps it. */
  readonly paymentMethod: string;
}

type ValidatePorts = Pick<CheckoutPorts, 'orders' | 'products' | 'inventory' | 'effects'> &
  ValidationPorts & { readonly stock: StockWatch };
type Free = ReadonlyMap<string, number>;

const holdRounds = 5;

/**
 * Holds the stock of the order, all of it or (with allowPartial) what there is, and writes what was held and
 * its price on the order, and how many orders came with it of late. Products that run low are marked before it has
 * decided, so that no attempt leaves one out. Run again it answers the first decision. An order that is to be cancelled
 * gets nothing.
 * @throws TransientError when stock keeps changing or the store is busy
 */
export async function validateOrder(orderId: string, ports: ValidatePorts): Promise<ValidatedOrder> {
  const order = await ports.orders.find(orderId);
  if (!order) {
    throw new OrderMissingError(`There is no order ${orderId}`);
  }
  if (order.allocation || order.cancel) {
    return answer(order);
  }
  const { products, recent } = await readFor(order, ports);
  const { plan, free: lastSeen } = await hold(order, freeOf(products), ports);
  // All of them: of one that nothing was left of, a former order may have died before it looked.
  await ports.stock.look(
    order.items.map(({ productId }) => productId),
    ports.effects.clock.now(),
  );
  const decide = (current: Order) =>
    withRecentOrders(allocated(current, plan, lastSeen, products, ports.effects.clock.now()), recent);
  const first = decide(order);
  // Nearly always nobody has touched the order since it was read: no need to read it again.
  if (await ports.orders.save(first)) return answer(first);
  const decided = await changeOrder(ports.orders, orderId, (current) =>
    current.allocation ? undefined : decide(current),
  );
  return answer(decided);
}

/** The counters come along with the products, so the rules cost no call of their own. */
async function readFor(order: Order, { validation, fraudRules }: ValidationPorts) {
  const reads = counterReads(fraudRules, order);
  const { products, counters } = await validation.read(
    order.items.map((item) => item.productId),
    reads.map(({ key }) => key),
  );
  return { products, recent: recentOrders(reads, counters) };
}

/** An order whose customer was erased meanwhile has no facts any more, and gets none. */
function withRecentOrders(order: Order, recent: RecentOrders): Order {
  const { fraudFacts } = order;
  return fraudFacts ? { ...order, fraudFacts: { ...fraudFacts, recentOrders: recent } } : order;
}

/**
 * Plans by what was free a moment ago and lets the hold's own conditions decide; a refusal tells what is
 * free now, so the next plan is by that.
 */
async function hold(
  order: Order,
  free: Free,
  { inventory, products, effects }: ValidatePorts,
): Promise<{ plan: AllocationPlan; free: Free }> {
  let seen = free;
  for (let round = 0; round < holdRounds; round++) {
    const plan = planAllocation(order.items, (id) => seen.get(id) ?? 0, order.allowPartial);
    if (plan.outcome !== 'allocated') {
      // What looks short may be held by this very order: a former attempt's answer was lost.
      const former = await heldBefore(order, inventory);
      if (former) return { plan: former, free: await freeWithout(former, order, products) };
    }
    if (plan.lines.length === 0) {
      return { plan, free: seen };
    }
    const lines = [...plan.lines, ...leftOut(order, plan.lines)];
    const result = await inventory.hold(order.orderId, lines, effects.clock.now());
    if (result.held) {
      const former = result.repeated ? await heldBefore(order, inventory) : undefined;
      return former
        ? { plan: former, free: await freeWithout(former, order, products) }
        : { plan, free: seen };
    }
    seen = new Map([...seen, ...result.shortages]);
  }
  throw new TransientError(`The stock of order ${order.orderId} keeps changing`);
}

/** Lines of no pieces: with them a hold bars every other plan of the same order, made at another time. */
function leftOut(order: Order, lines: readonly StockLine[]): StockLine[] {
  const taken = new Set(lines.map((line) => line.productId));
  return order.items
    .filter((item) => !taken.has(item.productId))
    .map(({ productId }) => ({ productId, quantity: 0 }));
}

async function heldBefore(
  order: Order,
  inventory: ValidatePorts['inventory'],
): Promise<AllocationPlan | undefined> {
  const lines = await inventory.linesOf(
    order.orderId,
    order.items.map((item) => item.productId),
  );
  if (lines.length === 0) return undefined;
  const held = new Map(lines.map((line) => [line.productId, line.quantity]));
  const isWhole = order.items.every((item) => held.get(item.productId) === item.quantity);
  return { outcome: isWhole ? 'allocated' : 'partial', lines };
}

function freeOf(products: ReadonlyMap<string, Product>): Free {
  return new Map(
    [...products.values()].map((product) => [
      product.productId,
      product.archived ? 0 : product.availableCount,
    ]),
  );
}

/** What would be free but for the order's own former hold, which the counts may or may not have had off before. */
async function freeWithout(
  { lines }: AllocationPlan,
  order: Order,
  products: ValidatePorts['products'],
): Promise<Free> {
  const now = freeOf(await products.findMany(order.items.map((item) => item.productId)));
  const own = lines.map(
    ({ productId, quantity }) => [productId, (now.get(productId) ?? 0) + quantity] as const,
  );
  return new Map([...now, ...own]);
}

function allocated(
  order: Order,
  { outcome, lines }: AllocationPlan,
  free: Free,
  products: ReadonlyMap<string, Product>,
  now: Date,
): Order {
  const isShort = (productId: string, quantity: number) => (free.get(productId) ?? 0) < quantity;
  const items = allocateItems(order.items, lines, isShort);
  const sold = items.map((item) => ({ ...item, quantity: item.allocated }));
  const lowStock = lines
    .filter(({ productId, quantity }) => {
      const threshold = products.get(productId)?.lowStockThreshold ?? 0;
      return (free.get(productId) ?? 0) - quantity <= threshold;
    })
    .map((line) => line.productId);
  return {
    ...order,
    allocation: outcome,
    items,
    pricing: lines.length > 0 ? priceOrder(sold, order.currency, order.promotion) : order.pricing,
    flags: { ...order.flags, partialFulfillment: outcome === 'partial', lowStock },
    updatedAt: now.toISOString(),
  };
}

function answer(order: Order): ValidatedOrder {
  return {
    outcome: order.cancel ? 'cancelled' : (order.allocation ?? 'out_of_stock'),
    lines: order.items
      .filter((item) => item.allocated > 0)
      .map(({ productId, allocated: quantity }) => ({ productId, quantity })),
    totalAmount: order.pricing.total,
    paymentMethod: order.paymentMethod.id ?? 'one-off',
  };
}
