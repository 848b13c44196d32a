import { doAct } from './acts.ts';
import { type Answer, customer, ipOf, staff } from './people.ts';
import type { OrderPlan } from './scenario.ts';
import type { World } from './world.ts';

/** What a client was told about one planned order. */
export interface Placed {
  readonly plan: OrderPlan;
  readonly userId: string;
  /** One for each copy of the request; undefined where the client gave up without an answer. */
  readonly answers: (Answer | undefined)[];
}

/** What the clients of a world were told. */
export interface Played {
  readonly placed: readonly Placed[];
  /** When a customer was told that their profile is complete; milliseconds since 1970. */
  readonly completed: ReadonlyMap<string, number>;
  /** When the staff had an answer to their decision about an order on hold; milliseconds since 1970. */
  readonly decided: ReadonlyMap<string, number>;
}

export interface Shop {
  readonly productIds: readonly string[];
  readonly codes: readonly string[];
}

/** Fills the shop with the scenario's products and promo codes, over the API, before anything may fail. */
export async function openShop({ scenario, clients }: World): Promise<Shop> {
  const productIds: string[] = [];
  for (const [index, { stock, price, threshold }] of scenario.products.entries()) {
    const created = await clients.request('product', {
      method: 'POST',
      resource: '/product',
      as: staff.admin,
      body: {
        name: `Thing ${index}`,
        category: 'things',
        prices: [{ amount: price, currency: 'USD' }],
        stockCount: stock,
        lowStockThreshold: threshold,
      },
    });
    productIds.push(expectStatus(created, 201).productId);
  }
  const codes = scenario.promotions.map((_, index) => `CODE${index}`);
  for (const [
    index,
    { kind, value, maxUses, maxUsesPerUser, firstOrderOnly },
  ] of scenario.promotions.entries()) {
    const created = await clients.request('order', {
      method: 'POST',
      resource: '/order/promotion',
      as: staff.admin,
      body: {
        code: codes[index],
        kind,
        value,
        ...(kind === 'fixed' ? { currency: 'USD' } : {}),
        ...(maxUses === undefined ? {} : { maxUses }),
        ...(maxUsesPerUser === undefined || firstOrderOnly ? {} : { maxUsesPerUser }),
        ...(firstOrderOnly ? { firstOrderOnly } : {}),
      },
    });
    expectStatus(created, 201);
  }
  return { productIds, codes };
}

function expectStatus(answer: Answer | undefined, status: number): Answer['json'] {
  if (answer?.status === status) return answer.json;
  throw new Error(`The shop could not be set up: ${JSON.stringify(answer)}`);
}

/** Lets everybody of the scenario do what they do, and answers once all of them are through with it. */
export async function play(world: World, shop: Shop): Promise<Played> {
  const { scenario, kernel, clients } = world;
  const placed: Placed[] = [];
  const completed = new Map<string, number>();
  const decided = new Map<string, number>();
  const people = [
    ...scenario.orders.map(async (plan, index) => {
      await kernel.sleep(plan.at - kernel.elapsed);
      const userId = `customer-${plan.customer}`;
      const key = `key-${index}`;
      const copies = Array.from({ length: plan.copies }, () => placeOrder(world, shop, plan, userId, key));
      const answers = await Promise.all(copies);
      placed.push({ plan, userId, answers });
      const orderId = answers.find((answer) => answer?.status === 202)?.json.orderId;
      if (orderId) await Promise.all(plan.acts.map((act) => doAct(world, act, orderId, userId, decided)));
    }),
    ...scenario.customers.map(async ({ completesAt }, index) => {
      if (completesAt === undefined) return;
      await kernel.sleep(completesAt - kernel.elapsed);
      const { addresses, preferences } = customer(index, true);
      const as = customer(index, false);
      const params = { userId: as.userId };
      const body = { addresses, preferences };
      const parts = { method: 'PUT', resource: '/user/{userId}/details', params, as, body };
      const answer = await clients.request('user', parts);
      if (answer?.status === 200) completed.set(as.userId, kernel.clock.now);
    }),
    ...scenario.adjustments.map(async ({ at, product, delta }) => {
      await kernel.sleep(at - kernel.elapsed);
      const params = { productId: shop.productIds[product] ?? '' };
      const body = { delta, reason: 'counted' };
      const parts = {
        method: 'POST',
        resource: '/product/{productId}/stock',
        params,
        as: staff.manager,
        body,
      };
      await clients.request('product', parts);
    }),
  ];
  await Promise.all(people);
  return { placed, completed, decided };
}

function placeOrder({ clients }: World, shop: Shop, plan: OrderPlan, userId: string, key: string) {
  return clients.request('order', {
    method: 'POST',
    resource: '/order',
    as: { ...customer(plan.customer, true), userId },
    ip: ipOf(userId),
    headers: { 'idempotency-key': key },
    body: {
      items: plan.lines.map(({ product, quantity }) => ({ productId: shop.productIds[product], quantity })),
      paymentMethod: { token: plan.method },
      allowPartial: plan.allowPartial,
      ...(plan.promotion === undefined ? {} : { promoCode: shop.codes[plan.promotion] }),
    },
  });
}
