import Stripe from 'stripe';
import { beforeEach, describe, expect, test } from 'vitest';
import { createStripeDouble, fetchFromDouble, type StripeDouble } from '../../support/stripe-double.ts';

const hour = 60 * 60 * 1000;
let time: number;
let double: StripeDouble;
let stripe: Stripe;

beforeEach(() => {
  time = Date.UTC(2026, 0, 1);
  double = createStripeDouble({ now: () => time });
  stripe = new Stripe('sk_test_1', {
    httpClient: Stripe.createFetchHttpClient(fetchFromDouble(double)),
    maxNetworkRetries: 0,
  });
});

const create = (key: string, amount = 1999) =>
  stripe.paymentIntents.create(
    {
      amount,
      currency: 'usd',
      capture_method: 'manual',
      allowed_payment_method_types: ['card'],
      metadata: { orderId: 'o1' },
    },
    { idempotencyKey: key },
  );
const confirm = (id: string, paymentMethod = 'pm_card_visa') =>
  stripe.paymentIntents.confirm(id, { payment_method: paymentMethod, expand: ['latest_charge'] });

describe('a payment at the double', () => {
  test('is created, authorized, captured and refunded, and the ledger tells so', async () => {
    const { id } = await create('k');
    expect(await confirm(id)).toMatchObject({
      status: 'requires_capture',
      latest_charge: { outcome: { type: 'authorized' } },
    });
    expect(double.ledger('o1')).toMatchObject({ held: 1999, captured: 0 });
    expect(await stripe.paymentIntents.capture(id)).toMatchObject({ status: 'succeeded' });
    await stripe.refunds.create({ payment_intent: id });
    expect(double.ledger('o1')).toEqual({
      authorizations: 1,
      held: 0,
      captured: 1999,
      refunded: 1999,
      canceled: 0,
      net: 0,
    });
    expect(double.events().map((event) => event.type)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.amount_capturable_updated',
      'charge.captured',
      'payment_intent.succeeded',
      'refund.created',
      'charge.refunded',
    ]);
  });

  test('is found by its metadata', async () => {
    const { id } = await create('k');
    const { data } = await stripe.paymentIntents.search({ query: `metadata['orderId']:'o1'` });
    expect(data.map((intent) => intent.id)).toEqual([id]);
  });

  test('is declined with the code of its card, and blocked by Radar with an outcome that says so', async () => {
    const { id } = await create('k');
    const refusal = confirm(id, 'pm_card_visa_chargeDeclinedInsufficientFunds');
    await expect(refusal).rejects.toMatchObject({
      type: 'StripeCardError',
      code: 'card_declined',
      decline_code: 'insufficient_funds',
      payment_intent: { status: 'requires_payment_method' },
    });
    await expect(confirm(id, 'pm_card_radarBlock')).rejects.toMatchObject({ decline_code: 'fraudulent' });
    const intent = await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] });
    expect(intent.latest_charge).toMatchObject({ outcome: { type: 'blocked' } });
  });

  test('whose authorization nobody captured in seven days is let go', async () => {
    const { id } = await create('k');
    await confirm(id);
    time += 7 * 24 * hour;
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'automatic',
    });
    expect(double.ledger('o1')).toMatchObject({ held: 0, canceled: 1999 });
  });
});

describe('an idempotency key', () => {
  test('repeats the first answer and does nothing again', async () => {
    const first = await create('k');
    const again = await create('k');
    expect(again.id).toBe(first.id);
    expect(new Headers(again.lastResponse.headers).get('idempotent-replayed')).toBe('true');
    expect(double.intents()).toHaveLength(1);
  });

  test('repeats a decline too', async () => {
    const { id } = await create('k');
    const decline = () =>
      stripe.paymentIntents.confirm(
        id,
        { payment_method: 'pm_card_visa_chargeDeclined' },
        { idempotencyKey: 'c' },
      );
    await expect(decline()).rejects.toMatchObject({ type: 'StripeCardError' });
    await expect(decline()).rejects.toMatchObject({ type: 'StripeCardError' });
    expect(double.events().filter((event) => event.type === 'charge.failed')).toHaveLength(1);
  });

  test('refuses other parameters', async () => {
    await create('k');
    await expect(create('k', 5)).rejects.toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  });

  test('is forgotten after a day', async () => {
    await create('k');
    time += 24 * hour;
    await create('k');
    expect(double.intents()).toHaveLength(2);
  });

  test('whose request is still at work is refused', () => {
    const request = {
      method: 'POST',
      path: '/v1/payment_intents',
      headers: { Authorization: 'Bearer sk_test_1', 'Idempotency-Key': 'k' },
      body: 'amount=5&currency=usd',
    };
    const first = double.open(request);
    expect(double.handle(request)).toMatchObject({ status: 409 });
    expect(first.finish()).toMatchObject({ status: 200 });
    expect(double.handle(request)).toMatchObject({ status: 200 });
  });
});

test('what is signed is verified by the library', async () => {
  await create('k');
  const [event] = double.events();
  const { body, headers } = double.sign(event!, { at: Date.now() });
  const parsed = stripe.webhooks.constructEvent(body, headers['Stripe-Signature']!, 'whsec_double');
  expect(parsed.id).toBe(event!.id);
});

test('a copy of the account can be put back', async () => {
  const { id } = await create('k');
  const before = double.snapshot();
  await confirm(id);
  double.restore(before);
  expect(double.ledger('o1')).toMatchObject({ held: 0 });
});
