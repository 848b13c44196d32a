import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type StripeOverNetwork, stripeOverNetwork } from '../../../support/stripe-network.ts';

const orderId = 'order-1';
const amount = { amount: 1999, currency: 'USD' };
const hour = 60 * 60 * 1000;
let stripe: StripeOverNetwork;

beforeEach(() => {
  stripe = stripeOverNetwork();
});
afterEach(() => vi.unstubAllGlobals());

const authorize = (paymentMethod = 'pm_card_visa', attempt = 1) =>
  stripe.provider.authorize({ orderId, amount, paymentMethod, attempt });
const paid = async () => {
  const result = await authorize();
  if (result.status !== 'authorized') throw new Error('not authorized');
  return { orderId, paymentId: result.paymentId, amount };
};
const ledger = () => stripe.double.ledger(orderId);

describe('authorizing a card at Stripe', () => {
  test('reserves the amount on it and takes nothing', async () => {
    expect(await authorize()).toEqual({
      status: 'authorized',
      paymentId: expect.stringMatching(/^pi_/),
      fraudFlag: false,
      paymentCountry: 'US',
    });
    expect(ledger()).toMatchObject({ authorizations: 1, held: 1999, captured: 0 });
  });

  test('names the order in the intent', async () => {
    await authorize();
    expect(stripe.double.intentsOf(orderId)).toMatchObject([
      { metadata: { orderId }, capture_method: 'manual', payment_method_types: ['card'] },
    ]);
  });

  test.each([
    ['pm_card_visa_chargeDeclined', 'declined'],
    ['pm_card_visa_chargeDeclinedInsufficientFunds', 'declined'],
    ['pm_card_visa_chargeDeclinedLostCard', 'declined'],
    ['pm_card_chargeDeclinedExpiredCard', 'declined'],
    ['pm_card_chargeDeclinedProcessingError', 'declined'],
    // The issuer's suspicion is a decline; Radar's is a block, though both say `fraudulent`.
    ['pm_card_visa_chargeDeclinedFraudulent', 'declined'],
    ['pm_card_radarBlock', 'blocked'],
    // Nobody is there to answer the bank.
    ['pm_card_authenticationRequired', 'declined'],
    ['pm_card_threeDSecure2Required', 'declined'],
    ['pm_that_nobody_knows', 'declined'],
  ])('%s is %s', async (paymentMethod, status) => {
    expect(await authorize(paymentMethod)).toMatchObject({ status, paymentId: expect.any(String) });
    expect(ledger()).toMatchObject({ authorizations: 0, held: 0 });
  });

  test.each(['pm_card_riskLevelElevated', 'pm_card_riskLevelHighest'])(
    '%s is authorized and flagged',
    async (paymentMethod) => {
      expect(await authorize(paymentMethod)).toMatchObject({ status: 'authorized', fraudFlag: true });
    },
  );

  test('a key that Stripe refuses is told by the name of the cause, which every line of the log has', async () => {
    stripe.next('confirm', 401);
    await expect(authorize()).rejects.toMatchObject({ cause: { name: 'StripeAuthenticationError' } });
  });

  test.each([500, 502, 503, 409, 429, 401])('an answer of %i may pass', async (status) => {
    stripe.next('confirm', status);
    await expect(authorize()).rejects.toMatchObject({ name: 'TransientError' });
    expect(await authorize('pm_card_visa', 2)).toMatchObject({ status: 'authorized' });
    expect(ledger()).toMatchObject({ authorizations: 1 });
  });

  test('an answer that the key is at work may pass, and one that it came with other parameters may not', async () => {
    const real = globalThis.fetch;
    const answering = (status: number) =>
      vi.stubGlobal('fetch', async () =>
        Response.json({ error: { type: 'idempotency_error', message: 'on purpose' } }, { status }),
      );
    answering(409);
    await expect(authorize()).rejects.toMatchObject({ name: 'TransientError' });
    answering(400);
    await expect(authorize()).rejects.toMatchObject({ name: 'StripeRefusedError' });
    vi.stubGlobal('fetch', real);
  });

  test('an answer of 403 is final', async () => {
    stripe.next('create', 403);
    await expect(authorize()).rejects.toMatchObject({ name: 'StripeRefusedError' });
  });

  test('an error tells no secret of the intent', async () => {
    stripe.next('confirm', 500);
    const error = await authorize().catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('_secret');
  });

  test('a repetition does not ask a card again that has said no', async () => {
    stripe.next('confirm', 'lose-answer');
    await expect(authorize('pm_card_visa_chargeDeclined')).rejects.toMatchObject({ name: 'TransientError' });
    expect(await authorize('pm_card_visa_chargeDeclined', 2)).toMatchObject({ status: 'declined' });
    expect(stripe.count('confirm')).toBe(1);
  });

  test('a repetition after Stripe has forgotten the key finds the first intent', async () => {
    stripe.next('confirm', 'lose-answer');
    await expect(authorize()).rejects.toMatchObject({ name: 'TransientError' });
    stripe.pass(25 * hour);
    const [first] = stripe.double.intentsOf(orderId);
    expect(await authorize('pm_card_visa', 2)).toMatchObject({ paymentId: first?.id });
    expect(ledger()).toMatchObject({ authorizations: 1, held: 1999 });
    expect(stripe.double.intentsOf(orderId).map(({ status }) => status)).toEqual([
      'requires_capture',
      'canceled',
    ]);
  });
});

describe('an undo that knows no id', () => {
  const reference = { orderId, paymentId: undefined, amount };

  test('shuts out an authorization that has not arrived yet', async () => {
    stripe.next('create', 'delay');
    await expect(authorize()).rejects.toMatchObject({ name: 'TransientError' });
    expect(await stripe.provider.void(reference)).toBe('nothing');
    stripe.land();
    expect(stripe.double.intentsOf(orderId)).toMatchObject([{ status: 'canceled' }]);
    expect(await authorize('pm_card_visa', 2)).toMatchObject({ status: 'declined' });
    expect(ledger()).toMatchObject({ authorizations: 0 });
  });

  test('finds the intent after Stripe has forgotten the key', async () => {
    await authorize();
    stripe.pass(25 * hour);
    expect(await stripe.provider.void(reference)).toBe('voided');
    expect(ledger()).toMatchObject({ held: 0, canceled: 1999 });
  });
});

test('an amount that Stripe does not take is refused, and its undo finds nothing', async () => {
  const odd = { orderId, amount: { amount: 5124, currency: 'KWD' } };
  await expect(
    stripe.provider.authorize({ ...odd, paymentMethod: 'pm_card_visa', attempt: 1 }),
  ).rejects.toMatchObject({ name: 'AmountNotChargeableError' });
  expect(await stripe.provider.void({ ...odd, paymentId: undefined })).toBe('nothing');
});

describe('later steps', () => {
  test('capture takes all, once', async () => {
    const payment = await paid();
    await stripe.provider.capture(payment);
    await stripe.provider.capture(payment);
    expect(ledger()).toMatchObject({ captured: 1999, held: 0 });
  });

  test('a capture of an authorization that has lapsed is refused', async () => {
    const payment = await paid();
    stripe.pass(7 * 24 * hour);
    await expect(stripe.provider.capture(payment)).rejects.toMatchObject({ name: 'CaptureRefusedError' });
  });

  test('a refund gives back what staff have left over', async () => {
    const payment = await paid();
    await stripe.provider.capture(payment);
    stripe.double.dashboard.refund(payment.paymentId, 500);
    await stripe.provider.refund(payment);
    expect(ledger()).toMatchObject({ refunded: 1999, net: 0 });
  });

  test('a refund of what was refunded in the dashboard is done', async () => {
    const payment = await paid();
    await stripe.provider.capture(payment);
    stripe.double.dashboard.refund(payment.paymentId);
    await stripe.provider.refund(payment);
    expect(ledger()).toMatchObject({ net: 0 });
  });

  test('an order cannot reach the payment of another', async () => {
    const payment = await paid();
    await expect(stripe.provider.void({ ...payment, orderId: 'order-2' })).rejects.toMatchObject({
      name: 'FinalError',
    });
    expect(ledger()).toMatchObject({ held: 1999 });
  });
});
