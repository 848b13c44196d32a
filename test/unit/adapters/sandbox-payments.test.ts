import { describe, expect, test } from 'vitest';
import { createSandboxProvider } from '../../../shared/adapters/sandbox-payments.ts';
import { TransientError } from '../../../shared/errors.ts';

const provider = createSandboxProvider();
const amount = { amount: 1999, currency: 'USD' };
const authorize = (paymentMethod: string, attempt = 1) =>
  provider.authorize({ orderId: 'order-1', amount, paymentMethod, attempt });

describe('the sandbox', () => {
  const paymentId = 'sandbox_order-1';
  const good = { status: 'authorized', paymentId, fraudFlag: false };

  test.each([
    ['pm_card_visa', good],
    ['pm_card_mastercard', good],
    ['pm_card_amex', good],
    ['pm_card_discover', good],
    ['pm_flaky_0', good],
    ['pm_card_gb', { ...good, paymentCountry: 'GB' }],
    ['pm_card_us', { ...good, paymentCountry: 'US' }],
    ['pm_card_riskLevelElevated', { status: 'authorized', paymentId, fraudFlag: true }],
    ['pm_card_visa_chargeDeclined', { status: 'declined', paymentId }],
    ['pm_card_chargeDeclined', { status: 'declined', paymentId }],
    ['pm_card_radarBlock', { status: 'blocked', paymentId }],
  ])('answers to %s as Stripe’s test mode does', async (name, answer) => {
    expect(await authorize(name)).toEqual(answer);
  });

  test.each([
    'pm_card_unheard',
    'pm_card_zz',
    'pm_card_GB',
    '',
    'pm_card_visa ',
    'PM_CARD_VISA',
    'pm_flaky_',
    'pm_flaky_-1',
    'constructor',
  ])('declines %j, which it does not know', async (name) => {
    expect(await authorize(name)).toEqual({ status: 'declined', paymentId });
  });

  test('fails pm_flaky_N for N attempts and then accepts it', async () => {
    for (const attempt of [1, 2, 3]) {
      await expect(authorize('pm_flaky_3', attempt)).rejects.toThrow(TransientError);
    }
    expect(await authorize('pm_flaky_3', 4)).toEqual(good);
  });

  test('never answers pm_timeout', async () => {
    for (const attempt of [1, 10, 100]) {
      await expect(authorize('pm_timeout', attempt)).rejects.toThrow(TransientError);
    }
  });

  test('gives a repetition the same answer', async () => {
    expect(await authorize('pm_card_visa', 2)).toEqual(await authorize('pm_card_visa', 2));
  });

  test('captures, voids and refunds whatever it is told to, again and again', async () => {
    const payment = { orderId: 'order-1', paymentId, amount };
    for (const _again of [1, 2]) {
      await expect(provider.capture(payment)).resolves.toBeUndefined();
      await expect(provider.void({ ...payment, paymentId: undefined })).resolves.toBe('voided');
      await expect(provider.refund(payment)).resolves.toBeUndefined();
    }
  });
});
