import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { gatherFacts } from '../../operations/explain/facts.ts';
import { connectEndpoints } from '../../operations/support/target.ts';
import { eventually } from '../support/local-stack.ts';
import { type Customer, items, openShop, type Shop } from '../support/shop.ts';
import {
  createStripeDouble,
  type StripeDouble,
  type StripeEvent,
  type StripeFault,
  type StripeRequest,
  startStripeServer,
} from '../support/stripe-double.ts';

// The whole stack over HTTP, with Stripe's double behind a port in the provider's place.
const secret = 'whsec_e2e';
const webhook = '/order/payment-webhook';
let double: StripeDouble;
let stripe: Awaited<ReturnType<typeof startStripeServer>>;
let shop: Shop;
let customer: Customer;
let productId: string;

beforeAll(async () => {
  double = createStripeDouble({ now: Date.now, webhookSecrets: [secret], apiKey: 'sk_test_e2e' });
  stripe = await startStripeServer(double);
  shop = await openShop({
    prewarm: true,
    stripe: { secretKey: 'sk_test_e2e', webhookSecrets: ['whsec_former', secret], apiUrl: stripe.url },
  });
  await shop.runtime.warmed();
  customer = await shop.newCustomer();
  productId = await shop.newProduct({ stockCount: 1000 });
});
afterAll(async () => {
  await shop?.stop();
  await stripe?.stop();
});
afterEach(() => stripe.onRequest(() => undefined));

const total = 1000;
const step = ({ method, path }: StripeRequest) => `${method} ${path.split('?')[0]?.split('/').at(-1)}`;
/** The first request of a step meets a fault. */
const once = (name: string, fault: StripeFault) => {
  let met = false;
  stripe.onRequest((request) => {
    if (met || step(request) !== name) return undefined;
    met = true;
    return fault;
  });
};
async function place(token = 'pm_card_visa'): Promise<string> {
  const placed = await shop.place(customer, { items: items(productId), paymentMethod: { token } });
  expect(placed.status).toBe(202);
  return placed.json.orderId;
}
const paymentOf = (orderId: string) => {
  const [intent] = double.intentsOf(orderId);
  if (!intent) throw new Error(`Stripe knows no payment of ${orderId}`);
  return intent.id;
};
const eventsOf = (orderId: string): StripeEvent[] =>
  double.events().filter(({ data }) => JSON.stringify(data).includes(paymentOf(orderId)));
const deliver = (event: StripeEvent, how: { at?: number; secrets?: readonly string[] } = {}) => {
  const { body, headers } = double.sign(event, how);
  return shop.call('POST', webhook, { text: body, headers });
};
async function deliverAll(orderId: string): Promise<void> {
  for (const event of eventsOf(orderId)) {
    expect(await deliver(event)).toMatchObject({ status: 200, json: { received: true } });
  }
}

describe('an order that is paid with Stripe', () => {
  test('is Paid, charged once and exactly its total', async () => {
    const orderId = await place();
    const order = await shop.settled(orderId);
    expect(order).toMatchObject({
      status: 'Paid',
      paymentInfo: { provider: 'stripe', paymentId: paymentOf(orderId), attempts: 1 },
    });
    await deliverAll(orderId);
    expect(double.ledger(orderId)).toMatchObject({ authorizations: 1, captured: total, net: total });
    expect(await shop.order(orderId)).toMatchObject({ status: 'Paid', version: order.version });
  });

  test('is charged once though Stripe does its work and drops the connection', async () => {
    for (const name of ['POST confirm', 'POST capture']) {
      once(name, 'lose-answer');
      const orderId = await place();
      expect(await shop.settled(orderId)).toMatchObject({ status: 'Paid' });
      expect(double.ledger(orderId)).toMatchObject({ authorizations: 1, captured: total, net: total });
    }
  });

  test('can be paid again with the card that was typed in for the first', async () => {
    const token = 'pm_1TypedInOnce';
    const first = await place(token);
    expect(await shop.settled(first)).toMatchObject({ status: 'Paid' });
    const second = await place(token);
    const order = await shop.settled(second);
    expect(order).toMatchObject({ status: 'Paid' });
    // What no test method is called by nobody knows before Stripe does.
    expect(order.paymentInfo).not.toHaveProperty('last4');
    const [one, other] = [first, second].map((orderId) => double.intentsOf(orderId)[0]?.customer);
    expect(one).toMatch(/^cus_/);
    expect(other).toBe(one);
  });

  test('gets its money back when it is cancelled', async () => {
    const orderId = await place();
    await shop.settled(orderId);
    await shop.call('POST', `/order/${orderId}/cancel`, { token: customer.token, body: {} });
    const cancelled = await eventually(async () => {
      const order = await shop.order(orderId);
      return order.paymentInfo.refunded ? order : undefined;
    });
    expect(cancelled).toMatchObject({
      status: 'Cancelled',
      paymentInfo: { refunded: { amount: total, currency: 'USD' } },
    });
    await deliverAll(orderId);
    expect(double.ledger(orderId)).toMatchObject({ captured: total, refunded: total, net: 0 });
  });
});

describe('an order whose card', () => {
  test.each([
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'payment_declined'],
    ['pm_card_authenticationRequired', 'payment_declined'],
    ['pm_card_radarBlock', 'payment_blocked'],
  ])('is %s fails as %s and costs nothing', async (token, code) => {
    const orderId = await place(token);
    expect(await shop.settled(orderId)).toMatchObject({ status: 'Failed', failure: { code } });
    expect(double.ledger(orderId)).toMatchObject({ authorizations: 0, held: 0, net: 0 });
  });

  test('looks risky to Radar is held, and let go of when it is rejected', async () => {
    const orderId = await place('pm_card_riskLevelElevated');
    await shop.inStatus(orderId, 'OnHold');
    expect(double.ledger(orderId)).toMatchObject({ held: total, captured: 0 });
    await shop.call('POST', `/order/${orderId}/reject`, { token: shop.manager, body: { reason: 'odd' } });
    expect(await shop.settled(orderId)).toMatchObject({ status: 'Failed' });
    expect(double.ledger(orderId)).toMatchObject({ held: 0, captured: 0, canceled: total });
  });
});

describe('an authorization that arrives late', () => {
  test('after the order was given up reserves nothing', async () => {
    const late: StripeRequest[] = [];
    stripe.onRequest((request) => {
      if (step(request) !== 'POST confirm') return undefined;
      late.push(request);
      return 'lose-request';
    });
    const orderId = await place();
    expect(await shop.settled(orderId)).toMatchObject({
      status: 'Failed',
      failure: { code: 'payment_unavailable' },
    });
    // The requests that nobody waits for any more arrive now.
    expect(late.map((request) => double.handle(request).status)).toEqual([400, 400, 400, 400]);
    await deliverAll(orderId);
    expect(double.ledger(orderId)).toMatchObject({ authorizations: 0, held: 0, net: 0 });
  });

  test('while the order waits is accepted', async () => {
    const late: StripeRequest[] = [];
    stripe.onRequest((request) => {
      if (step(request) !== 'POST confirm') return undefined;
      late.push(request);
      return late.length === 1 ? 'lose-request' : undefined;
    });
    const orderId = await place('pm_card_riskLevelElevated');
    await shop.inStatus(orderId, 'OnHold');
    expect(late.slice(0, 1).map((request) => double.handle(request).status)).toEqual([400]);
    await deliverAll(orderId);
    await shop.call('POST', `/order/${orderId}/approve`, { token: shop.manager, body: { reason: 'known' } });
    expect(await shop.settled(orderId)).toMatchObject({ status: 'Paid' });
    await deliverAll(orderId);
    expect(double.ledger(orderId)).toMatchObject({ authorizations: 1, captured: total, net: total });
  });
});

describe('an authorization that no undo could reach', () => {
  test('is let go by the reconciler', async () => {
    const orderId = await place('pm_card_riskLevelElevated');
    await shop.inStatus(orderId, 'OnHold');
    stripe.onRequest((request) => (step(request) === 'POST cancel' ? 503 : undefined));
    await shop.call('POST', `/order/${orderId}/reject`, { token: shop.manager, body: { reason: 'odd' } });
    expect(await shop.settled(orderId)).toMatchObject({ status: 'Failed' });
    expect(double.ledger(orderId)).toMatchObject({ held: total });
    stripe.onRequest(() => undefined);
    await shop.runtime.invoke('reconciler', { task: 'reconcile' });
    await eventually(() =>
      shop.runtime.executions().every((run) => run.status !== 'RUNNING') ? true : undefined,
    );
    expect(double.ledger(orderId)).toMatchObject({ held: 0, captured: 0, canceled: total });
    const told = shop.runtime.outbox().filter(({ message }) => message.includes(orderId));
    expect(told.filter(({ attributes }) => attributes.type === 'order_failed')).toHaveLength(1);
  });
});

describe('what staff do in Stripe’s dashboard', () => {
  test('a refund is shown on the order, audited and told to the staff, once', async () => {
    const orderId = await place();
    await shop.settled(orderId);
    double.dashboard.refund(paymentOf(orderId), 400);
    await deliverAll(orderId);
    await deliverAll(orderId);
    const order = await shop.order(orderId);
    expect(order).toMatchObject({
      status: 'Paid',
      paymentInfo: { refunded: { amount: 400, currency: 'USD' } },
    });
    const { json } = await shop.call('GET', `/order/${orderId}/audit`, { token: shop.manager });
    const told = json.items.filter(({ action }: { action: string }) => action === 'payment.refunded_400');
    expect(told).toHaveLength(1);
    const alerts = shop.runtime
      .outbox()
      .filter(({ attributes, message }) => attributes.type === 'payment_alert' && message.includes(orderId));
    expect(alerts.map(({ attributes }) => attributes.role)).toEqual(['Manager']);
    const target = await connectEndpoints('the shop under test', shop.runtime);
    const { sent } = await gatherFacts(target, orderId);
    target.close();
    const alert = { message: 'payment.refunded_400', to: 'staff', over: 'published', state: 'done' };
    expect(sent).toContainEqual(alert);
  });
});

describe('a delivery to the webhook', () => {
  let event: StripeEvent;
  beforeAll(async () => {
    const orderId = await place();
    await shop.settled(orderId);
    event = eventsOf(orderId).at(-1) ?? expect.fail('Stripe has sent nothing');
  });
  const refused = {
    status: 400,
    json: { code: 'validation_failed', errors: [{ path: '/header/stripe-signature' }] },
  };

  test('without a signature is refused', async () => {
    expect(await shop.call('POST', webhook, { body: event })).toMatchObject(refused);
  });

  test('that somebody else has signed is refused', async () => {
    expect(await deliver(event, { secrets: ['whsec_forged'] })).toMatchObject(refused);
  });

  test('whose body was changed on the way is refused', async () => {
    const { body, headers } = double.sign(event);
    const text = body.replace('"evt_', '"evt_x');
    expect(await shop.call('POST', webhook, { text, headers })).toMatchObject(refused);
  });

  test('that is older than five minutes is refused, when it is replayed too', async () => {
    expect(await deliver(event, { at: Date.now() - 301_000 })).toMatchObject(refused);
  });

  test('signed with the former secret while it is rolled is taken', async () => {
    expect(await deliver(event, { secrets: ['whsec_former', 'whsec_next'] })).toMatchObject({ status: 200 });
  });

  test('that is repeated is taken each time', async () => {
    for (let time = 0; time < 3; time++) expect(await deliver(event)).toMatchObject({ status: 200 });
  });

  test('of a type that we do not use is taken', async () => {
    expect(await deliver({ ...event, id: 'evt_other', type: 'customer.created' })).toMatchObject({
      status: 200,
    });
  });

  test('is not held back by a limit on its address', async () => {
    const answers = await Promise.all(Array.from({ length: 120 }, () => deliver(event)));
    expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  });
});
