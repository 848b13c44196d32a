import { createHash } from 'node:crypto';
import { Problem } from '../api/problem.ts';
import type { ClientInfo } from '../api/route.ts';
import type { AuditEntry } from '../audit/audit-entry.ts';
import type { ProductReader } from '../catalogue/product-store.ts';
import type { Effects } from '../effects.ts';
import type { User } from '../identity/user.ts';
import type { ExchangeRates } from '../money/exchange.ts';
import { logger } from '../observability/logger.ts';
import { gatherFraudFacts } from '../payments/fraud-facts.ts';
import type { FraudRules } from '../payments/fraud-settings.ts';
import { knownFace } from '../payments/sandbox-methods.ts';
import { counterMoves } from '../payments/velocity.ts';
import type { PromotionReader } from '../promotions/promotion-store.ts';
import type { CheckoutRuns } from './checkout-runs.ts';
import { checkoutOf } from './checkout-start.ts';
import type { Order } from './order.ts';
import { choosePaymentMethod, choosePromotion } from './order-choices.ts';
import { chooseAddress, orderItem, priceLines } from './order-lines.ts';
import { type OrderBody, type OrderView, orderViewSchema } from './order-schemas.ts';
import type { OrderStore, PlacedRequest } from './order-store.ts';
import { freshOrderView } from './order-view.ts';
import { priceOrder } from './price-order.ts';

export interface PlacePorts {
  readonly orders: OrderStore;
  readonly products: ProductReader;
  readonly promotions: Pick<PromotionReader, 'find'>;
  readonly rates: ExchangeRates;
  readonly checkouts: CheckoutRuns;
  readonly effects: Effects;
  readonly paymentProvider: string;
  readonly fraud: {
    readonly rules: FraudRules;
    /** How long a checkout may pause, and so how long its counters are waited for. */
    readonly pauseSeconds: number;
  };
}

export interface Placement {
  readonly user: User;
  readonly body: OrderBody;
  readonly key: string;
  readonly client: ClientInfo;
  readonly requestId: string;
}

export interface PlacedOrder {
  readonly order: OrderView;
  readonly replayed: boolean;
}

/**
 * Places an order and starts its checkout, once for each Idempotency-Key. Order, key, audit entry and the fraud
 * rules' counters are one transaction; the checkout starts after it. If the start fails, or the process dies
 * before it, the same request sent again starts it: the execution's name is the order's id, so it cannot start
 * twice.
 * @throws Problem product_unknown · currency_unsupported · address_unknown · payment_method_required ·
 *   promo_invalid · idempotency_key_reused; TransientError when the checkout could not be started
 */
export function placeOrder({ body, ...placement }: Placement, ports: PlacePorts): Promise<PlacedOrder> {
  return placeRequested({ ...placement, request: body, toBody: async () => body }, ports);
}

interface RequestedPlacement extends Omit<Placement, 'body'> {
  /** What the client sent, and what a repetition must send again. */
  readonly request: unknown;
  /** The order that it stands for. May refuse it. */
  toBody(): Promise<OrderBody>;
}

/** As `placeOrder`, for requests that leave something of the order to be looked up. */
export async function placeRequested(
  { request: sent, toBody, ...placement }: RequestedPlacement,
  ports: PlacePorts,
): Promise<PlacedOrder> {
  const { user, key } = placement;
  const placementKey = { userId: user.userId, key };
  const requestHash = createHash('sha256').update(JSON.stringify(sent)).digest('base64url');
  let order: Order;
  try {
    order = await prepare({ ...placement, body: await toBody() }, ports);
  } catch (error) {
    // What could be placed then may be refused now (a product archived since); the first answer stands.
    const former = error instanceof Problem ? await ports.orders.findPlaced(placementKey) : undefined;
    if (!former) throw error;
    return replay(former, requestHash, ports);
  }
  const [audit] = order.auditLogs;
  if (!audit) throw new Error('A new order has its first audit entry');
  // Through the schema before it is kept, so that a replay has neither more nor less than the first answer.
  const answer = orderViewSchema.parse(freshOrderView(order));
  const request = { requestHash, orderId: order.orderId, response: JSON.stringify(answer) };
  const { rules, pauseSeconds } = ports.fraud;
  const counts = counterMoves(rules, order, pauseSeconds);
  const former = await ports.orders.place(order, placementKey, request, audit, counts);
  if (former) {
    return replay(former, requestHash, ports);
  }
  // Ties the request's id to the order's, by which all later lines are found.
  logger.info('order placed', { orderId: order.orderId });
  await ports.checkouts.start(checkoutOf(order));
  return { order: answer, replayed: false };
}

async function replay(former: PlacedRequest, requestHash: string, ports: PlacePorts): Promise<PlacedOrder> {
  if (former.requestHash !== requestHash) {
    throw new Problem('idempotency_key_reused', 'This Idempotency-Key came with another request before.');
  }
  const order = await ports.orders.find(former.orderId);
  if (order?.status === 'Pending') {
    await ports.checkouts.start(checkoutOf(order));
  }
  // A client that was not answered knows the id of its repetition alone.
  logger.info('request done', { orderId: former.orderId, replayed: true });
  return { order: orderViewSchema.parse(JSON.parse(former.response)), replayed: true };
}

/** Everything that can refuse the order, and the record of it; writes nothing. */
async function prepare({ user, body, key, client, requestId }: Placement, ports: PlacePorts): Promise<Order> {
  const method = choosePaymentMethod(user, body);
  const address = chooseAddress(user, body.addressLabel);
  const market = { currency: body.currency, region: address?.country };
  const now = ports.effects.clock.now();
  const { lines, currency, exchange } = await priceLines(body.items, market, now, ports);
  const promotion = await choosePromotion(
    user,
    body.promoCode,
    priceOrder(lines, currency, undefined),
    ports,
  );
  const { ids } = ports.effects;
  const at = now.toISOString();
  // Lists find orders by the time that their ids tell: it must be the time that the order shows.
  const orderId = ids.next(now);
  const pricing = priceOrder(lines, currency, promotion);
  const placedFrom = { ip: client.ip, region: client.region, device: client.userAgent };
  const fraudFacts = await gatherFraudFacts(
    { user, client, currency, exchange, at: now },
    { rules: ports.fraud.rules, rates: ports.rates },
  );
  const audit: AuditEntry = {
    entryId: ids.next(),
    action: 'order.created',
    entity: { type: 'order', id: orderId },
    actor: { id: user.userId, role: user.role },
    at,
    where: placedFrom,
    after: { status: 'Pending', total: pricing.total },
    requestId,
  };
  return {
    orderId,
    userId: user.userId,
    status: 'Pending',
    items: lines.map(orderItem),
    pricing,
    currency,
    ...(exchange ? { exchange } : {}),
    allowPartial: body.allowPartial ?? false,
    ...(promotion ? { promotion } : {}),
    ...(address ? { address } : {}),
    paymentMethod: method,
    ...(user.providerCustomerId === undefined ? {} : { providerCustomerId: user.providerCustomerId }),
    paymentInfo: { provider: ports.paymentProvider, ...knownFace(method), attempts: 0 },
    flags: { partialFulfillment: false, fraudFlag: false, lowStock: [] },
    fraudFacts,
    timeline: [{ status: 'Pending', at, by: user.role.toLowerCase() }],
    auditLogs: [audit],
    placedFrom,
    idempotencyKey: key,
    createdAt: at,
    updatedAt: at,
    version: 1,
  };
}
