import type { Product } from '../catalogue/product.ts';
import type { ProductReader } from '../catalogue/product-store.ts';
import { productView } from '../catalogue/product-view.ts';
import type { Clock } from '../effects.ts';
import type { User } from '../identity/user.ts';
import type { Order } from '../orders/order.ts';
import type { OrderStore } from '../orders/order-store.ts';
import { isSold } from './counters.ts';
import type { InsightReader } from './insight-reader.ts';
import type { Recommendations } from './insight-schemas.ts';
import {
  type OfferedPromotion,
  type PromotionPicker,
  reachesMinimum,
  shownPromotion,
} from './promotions-for.ts';

export interface RecommendPorts {
  readonly orders: Pick<OrderStore, 'list'>;
  readonly products: Pick<ProductReader, 'findMany'>;
  readonly insights: Pick<InsightReader, 'boughtTogether' | 'bestSellers'>;
  readonly promotions: PromotionPicker;
  readonly clock: Clock;
}

type Reason = Recommendations['items'][number]['reason'];

/** These bound what a call costs, however much the user has bought and the shop has sold. */
const ordersLookedAt = 20;
const productsAsSeeds = 8;
const categoriesLookedAt = 3;
const rankedPerQuery = 15;
const itemsAnswered = 10;
const promotedItems = 2;
/** Whoever has just bought something does not need it again. */
const justBoughtMilliseconds = 30 * 24 * 3600 * 1000;

/**
 * What the user may like next. First what others bought together with the user's purchases, then best sellers
 * of the user's categories, then of the shop; never what is archived, out of stock, or was ordered by the user
 * within thirty days. Up to two items that reach the minimum of a promotion for the user carry that as reason.
 */
export async function recommend(user: User, ports: RecommendPorts): Promise<Recommendations> {
  const now = ports.clock.now();
  const { items: orders } = await ports.orders.list({ userId: user.userId }, { limit: ordersLookedAt });
  const purchases = orders.filter((order) => isSold(order.status));
  const currency = orders[0]?.currency;
  const [paired, best, promotions] = await Promise.all([
    pairedWith(purchases, ports.insights),
    bestFor(purchases, ports.insights),
    ports.promotions.forUser(user, currency, now),
  ]);
  const candidates = new Map<string, Reason>();
  for (const id of paired) candidates.set(id, 'bought_together');
  for (const id of best) if (!candidates.has(id)) candidates.set(id, 'best_seller');
  const excluded = new Set(justOrdered(orders, now));
  const ids = [...candidates.keys()].filter((id) => !excluded.has(id));
  const products = ids.length > 0 ? await ports.products.findMany(ids) : new Map<string, Product>();
  const items = ids.flatMap((id) => {
    const product = products.get(id);
    if (!product || product.archived || product.availableCount <= 0) return [];
    const view = productView(product, { currency, region: user.region }) ?? productView(product);
    return view ? [{ product: view, reason: candidates.get(id) ?? 'best_seller' }] : [];
  });
  return {
    items: withPromotions(items, promotions).slice(0, itemsAnswered),
    promotions: promotions.map(shownPromotion),
  };
}

/** Products by how often paid orders have them beside one of the user's latest purchases. */
async function pairedWith(
  purchases: readonly Order[],
  insights: RecommendPorts['insights'],
): Promise<string[]> {
  const seeds = productIds(purchases).slice(0, productsAsSeeds);
  const ranked = await Promise.all(seeds.map((id) => insights.boughtTogether(id, rankedPerQuery)));
  const scores = new Map<string, number>();
  for (const { productId, score } of ranked.flat()) {
    scores.set(productId, (scores.get(productId) ?? 0) + score);
  }
  return [...scores].sort(([, a], [, b]) => b - a).map(([productId]) => productId);
}

async function bestFor(purchases: readonly Order[], insights: RecommendPorts['insights']): Promise<string[]> {
  const bought = new Set(purchases.flatMap((order) => order.items.map((item) => item.category)));
  const categories = [...bought].slice(0, categoriesLookedAt);
  const lists = await Promise.all(
    [...categories, undefined].map((category) => insights.bestSellers(category, rankedPerQuery)),
  );
  return lists.flat().map(({ productId }) => productId);
}

function justOrdered(orders: readonly Order[], now: Date): string[] {
  const since = new Date(now.getTime() - justBoughtMilliseconds).toISOString();
  const isGone = ({ status }: Order) => status === 'Failed' || status === 'Cancelled';
  return productIds(orders.filter((order) => order.createdAt >= since && !isGone(order)));
}

/** Newest order first, as the store lists them; without what was not allocated. */
function productIds(orders: readonly Order[]): string[] {
  const items = orders.flatMap((order) => order.items.filter((item) => item.status !== 'unfulfilled'));
  return [...new Set(items.map((item) => item.productId))];
}

/** Names a promotion as the reason where one piece alone reaches its minimum, and shows those items first. */
function withPromotions(
  items: Recommendations['items'],
  promotions: readonly OfferedPromotion[],
): Recommendations['items'] {
  const fitting = items.filter(({ product }) =>
    promotions.some((promotion) => reachesMinimum(promotion, product.price)),
  );
  const promoted = new Set(fitting.slice(0, promotedItems));
  return [
    ...[...promoted].map(({ product }) => ({ product, reason: 'promotion' as const })),
    ...items.filter((item) => !promoted.has(item)),
  ];
}
