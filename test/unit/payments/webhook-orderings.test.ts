import { afterEach, describe, expect, test, vi } from 'vitest';
import { createStripeEventReader, usedEventTypes } from '../../../shared/adapters/stripe/webhook-events.ts';
import { endOrder } from '../../../shared/orders/checkout/settle-order.ts';
import { authorizePayment, capturePayment, undoPayment } from '../../../shared/payments/pay.ts';
import { reconcilePayment } from '../../../shared/payments/reconcile-payment.ts';
import { receivePaymentEvent } from '../../../shared/payments/webhook.ts';
import { anOrder } from '../../support/builders/order.ts';
import { testEffects } from '../../support/effects.ts';
import { memoryCatalogue, memoryOrders } from '../../support/memory-orders.ts';
import { memoryOnce, memoryPayments } from '../../support/memory-payments.ts';
import type { StripeEvent } from '../../support/stripe-double.ts';
import { doubleSecret, stripeOverNetwork } from '../../support/stripe-network.ts';

// Exhaustive: every sequence of deliveries is walked, each state that it can lead to once. The records in memory
// keep the conditions of the real ones, which ambiguous-payment.test.ts plays against.
const orderId = 'order-1';
const amount = { amount: 2000, currency: 'USD' };
const most = 5;

/** One order at one Stripe: the steps of its checkout, the webhook, and a way back to a former state. */
function createWorld() {
  const stripe = stripeOverNetwork();
  const orders = memoryOrders(anOrder({ orderId }));
  const records = memoryPayments(orders.payments);
  const alerts = new Set<string>();
  const audited = new Set<string>();
  const done = new Set<string>();
  const payments = { records, provider: stripe.provider, clock: { now: stripe.now } };
  const ports = {
    ...payments,
    readEvent: createStripeEventReader(async () => doubleSecret, stripe.now),
    lookup: stripe.lookup,
    orders: orders.store,
    audit: {
      async append({ entryId }: { entryId: string }) {
        audited.add(entryId);
      },
    },
    notifier: {
      async publish({ notificationId }: { notificationId: string }) {
        if (alerts.has(notificationId)) throw new Error(`${notificationId} was sent twice`);
        alerts.add(notificationId);
      },
    },
    once: memoryOnce(done),
    clock: { now: stripe.now },
  };
  const settling = { orders: orders.store, products: memoryCatalogue(), effects: testEffects() };
  const collections = [orders.byId, orders.payments, alerts, audited, done] as const;
  const paymentId = () => stripe.double.intentsOf(orderId)[0]?.id ?? '';
  return {
    stripe,
    authorize: () => authorizePayment(payments, { orderId, amount, paymentMethod: 'pm_card_visa' }),
    capture: () => capturePayment(payments, { orderId, paymentId: paymentId(), amount }),
    /** The end that the checkout makes of an order: its money goes back, and the order says so. */
    async giveUp() {
      await undoPayment(payments, orderId);
      await endOrder(orderId, { code: 'payment_unavailable', system: false }, settling);
    },
    staffRefund: () => stripe.double.dashboard.refund(paymentId(), 500),
    dispute: () => stripe.double.dispute(paymentId()),
    async deliver(event: StripeEvent) {
      const { body, headers } = stripe.double.sign(event);
      await receivePaymentEvent(
        { rawBody: body, signature: headers['Stripe-Signature'] ?? '' },
        { ...ports, reconcile: (id) => reconcilePayment(id, ports) },
      );
    },
    async deliverAll() {
      for (const event of stripe.double.events()) await this.deliver(event);
    },
    save() {
      const kept = collections.map((one) => structuredClone(one));
      const restoreStripe = stripe.save();
      return () => {
        restoreStripe();
        for (const [index, one] of collections.entries()) refill(one, kept[index]);
      };
    },
    /** What matters in the end: the money, what the order says, what the staff were told. */
    outcome() {
      const { undo, refunded } = orders.payments.get(orderId) ?? {};
      const { paymentInfo, status } = orders.byId.get(orderId) ?? {};
      return {
        money: stripe.double.ledger(orderId),
        record: { undo, refunded },
        order: { status, refunded: paymentInfo?.refunded, disputed: paymentInfo?.disputed },
        audited: [...audited].sort(),
        alerts: [...alerts].sort(),
      };
    },
    record: () => orders.payments.get(orderId),
    events: () => stripe.double.events().filter(({ type }) => usedEventTypes.includes(type)),
    /** Every change at Stripe takes a new id, or is in the intent or the ledger. */
    key: () =>
      JSON.stringify([
        ...collections.map((one) => [...one]),
        stripe.double.intents(),
        stripe.double.ledger(orderId),
        stripe.double.events().length,
      ]),
  };
}

function refill(target: Map<string, unknown> | Set<string>, kept: unknown): void {
  target.clear();
  if (target instanceof Map && kept instanceof Map) for (const [key, one] of kept) target.set(key, one);
  if (target instanceof Set && kept instanceof Set) for (const one of kept) target.add(one);
}

type World = ReturnType<typeof createWorld>;
type Step = (world: World) => unknown;

const lost =
  (at: Parameters<World['stripe']['next']>[0], step: Step): Step =>
  (world) => {
    world.stripe.next(at, 'lose-answer');
    return step(world);
  };
const authorize: Step = (world) => world.authorize();
const capture: Step = (world) => world.capture();
const giveUp: Step = (world) => world.giveUp();

const journeys: Readonly<Record<string, readonly Step[]>> = {
  'a paid order': [authorize, capture],
  'an authorization whose answer is lost': [lost('confirm', authorize), authorize, capture],
  'a capture whose answer is lost': [authorize, lost('capture', capture), capture],
  'an order that is given up with an authorization that nobody heard of': [
    lost('confirm', authorize),
    giveUp,
  ],
  'an order that is given up after its capture': [
    authorize,
    lost('capture', capture),
    lost('refund', giveUp),
    giveUp,
  ],
  'refunds in the dashboard': [
    authorize,
    capture,
    (world) => {
      world.staffRefund();
      world.staffRefund();
    },
  ],
  'a dispute': [authorize, capture, (world) => world.dispute()],
  'a cancellation after a refund in the dashboard': [
    authorize,
    capture,
    (world) => world.staffRefund(),
    giveUp,
  ],
};

const run = async (world: World, step: Step | undefined) => {
  // A step whose answer is lost ends in an error, and so does one that comes too late.
  await Promise.resolve(step?.(world)).catch(() => undefined);
};

afterEach(() => vi.unstubAllGlobals());

describe('every order and repetition of up to five events', () => {
  test.each(Object.entries(journeys))('after %s ends in the same state', async (_, steps) => {
    const world = createWorld();
    for (const step of steps) await run(world, step);
    const restore = world.save();
    const emitted = world.events().length;
    await world.deliverAll();
    const expected = { ...world.outcome(), record: world.record() };
    restore();
    const ends = new Set<string>();
    const walked = await walk(world, [], async () => {
      await world.deliverAll();
      ends.add(JSON.stringify({ ...world.outcome(), record: world.record() }));
    });
    expect([...ends]).toEqual([JSON.stringify(expected)]);
    // Each event was delivered or not, at least.
    expect(walked).toBeGreaterThanOrEqual(2 ** Math.min(emitted, most));
  });

  test.each(Object.entries(journeys))(
    'delivered in the midst of %s changes nothing of it',
    async (_, steps) => {
      const world = createWorld();
      const restore = world.save();
      for (const step of steps) await run(world, step);
      await world.deliverAll();
      const { alerts: _told, audited: _written, ...expected } = world.outcome();
      restore();
      const ends = new Set<string>();
      await walk(world, steps, async () => {
        await world.deliverAll();
        const { alerts: _toldThen, audited: _writtenThen, ...outcome } = world.outcome();
        ends.add(JSON.stringify(outcome));
      });
      expect([...ends]).toEqual([JSON.stringify(expected)]);
    },
  );
});

/**
 * Walks every sequence of at most five deliveries of whatever Stripe has emitted by then, with the steps of the
 * journey in between; what has been walked from a state is not walked again.
 * @returns how many states there are
 */
async function walk(world: World, steps: readonly Step[], atEnd: () => Promise<void>): Promise<number> {
  /** States, with how many deliveries were left at most. */
  const seen = new Map<string, number>();
  const visit = async (next: number, left: number): Promise<void> => {
    const key = `${next} ${world.key()}`;
    if ((seen.get(key) ?? -1) >= left) return;
    seen.set(key, left);
    const restore = world.save();
    if (next === steps.length) await atEnd();
    else {
      await run(world, steps[next]);
      await visit(next + 1, left);
    }
    restore();
    if (left === 0) return;
    for (const event of world.events()) {
      await world.deliver(event);
      await visit(next, left - 1);
      restore();
    }
  };
  await visit(0, most);
  return seen.size;
}
