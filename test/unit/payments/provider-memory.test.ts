import { beforeEach, describe, expect, test } from 'vitest';
import { createSandboxProvider } from '../../../shared/adapters/sandbox-payments.ts';
import { authorizePayment, capturePayment, undoPayment } from '../../../shared/payments/pay.ts';
import { type StripeOrder, withStripeOrders } from '../../support/stripe-shop.ts';

// What Stripe remembers of a request may be in the way (a failure that it repeats for a day), or gone (a key after a
// day); and a stage may have changed to a provider that remembers nothing of a payment.
let order: StripeOrder;
withStripeOrders((fresh) => {
  order = fresh;
});

const free = { held: 0, net: 0 };
const transient = { name: 'TransientError' };
const intents = () => order.double.intentsOf(order.orderId).map(({ status }) => status);

describe.each([500, 'fails-late'] as const)('a failure that Stripe keeps (%s)', (fate) => {
  test('of a creation moves everybody on to the same next key', async () => {
    order.next('create', fate);
    await expect(order.authorize()).rejects.toMatchObject(transient);
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    await order.undo();
    expect(await order.record()).toMatchObject({ undo: 'done' });
    expect(order.money()).toMatchObject({ ...free, authorizations: 1 });
  });

  test('of a creation does not keep an order from being paid', async () => {
    order.next('create', fate);
    await expect(order.authorize()).rejects.toMatchObject(transient);
    expect(await order.authorize()).toMatchObject({ status: 'authorized' });
    await order.capture();
    expect(order.money()).toMatchObject({ authorizations: 1, held: 0, net: order.amount.amount });
  });

  test('of a capture does not keep the next attempt from it', async () => {
    await order.authorize();
    order.next('capture', fate);
    await expect(order.capture()).rejects.toMatchObject(transient);
    await order.capture();
    expect(order.money()).toMatchObject({ captured: order.amount.amount, net: order.amount.amount });
  });

  test('of a cancellation does not keep the next undo from it', async () => {
    await order.authorize();
    order.next('cancel', fate);
    await expect(order.undo()).rejects.toMatchObject(transient);
    await order.undo();
    expect(order.money()).toMatchObject({ ...free, canceled: order.amount.amount });
  });

  test('of a refund does not keep the next undo from it', async () => {
    await order.authorize();
    await order.capture();
    order.next('refund', fate);
    await expect(order.undo()).rejects.toMatchObject(transient);
    await order.undo();
    expect(order.double.refunds()).toHaveLength(1);
    expect(await order.record()).toMatchObject({ undo: 'done', refunded: order.amount });
    expect(order.money()).toMatchObject(free);
  });
});

describe('an undo after Stripe has forgotten the key', () => {
  beforeEach(async () => {
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    order.pass(25 * 60 * 60 * 1000);
  });

  test.each(['create', 'search', 'retrieve', 'cancel'] as const)(
    'finds the first intent though its %s was lost once',
    async (step) => {
      order.next(step, 'lose-answer');
      await expect(order.undo()).rejects.toMatchObject(transient);
      await order.undo();
      expect(await order.record()).toMatchObject({ undo: 'done' });
      expect(order.money()).toMatchObject(free);
      expect(intents().every((status) => status === 'canceled')).toBe(true);
    },
  );

  test('stays open when the search is refused', async () => {
    order.next('search', 400);
    await expect(order.undo()).rejects.toMatchObject({ name: 'StripeRefusedError' });
    expect(await order.record()).toMatchObject({ undo: 'started' });
    await order.undo();
    expect(order.money()).toMatchObject(free);
  });

  test('and a day later once more still finds it', async () => {
    order.next('search', 'lose-answer');
    await expect(order.undo()).rejects.toMatchObject(transient);
    order.pass(25 * 60 * 60 * 1000);
    await order.undo();
    expect(order.money()).toMatchObject(free);
    expect(intents().every((status) => status === 'canceled')).toBe(true);
  });
});

describe('a stage that has changed its provider', () => {
  const changed = { name: 'ProviderChangedError' };
  const sandbox = () => ({ records: order.records, provider: createSandboxProvider() });

  test('does not say that a payment was undone that it cannot reach', async () => {
    await order.authorize();
    await order.capture();
    await expect(undoPayment(sandbox(), order.orderId)).rejects.toMatchObject(changed);
    expect(await order.record()).toMatchObject({ undo: 'started' });
    await order.undo();
    expect(order.money()).toMatchObject(free);
  });

  test('nor that an attempt was, of which nobody knows what became', async () => {
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    await expect(undoPayment(sandbox(), order.orderId)).rejects.toMatchObject(changed);
    await order.undo();
    expect(order.money()).toMatchObject(free);
  });

  test('does not take for captured what the other provider holds', async () => {
    await order.authorize();
    const { orderId, amount } = order;
    const { paymentId } = (await order.record()) ?? {};
    await expect(capturePayment(sandbox(), { orderId, paymentId, amount })).rejects.toMatchObject(changed);
    expect(await order.record()).toMatchObject({ status: 'authorized' });
  });

  test('does not ask a second provider for an attempt that is open at the first', async () => {
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    const { orderId, amount } = order;
    const ports = { ...sandbox(), clock: { now: order.now } };
    await expect(
      authorizePayment(ports, { orderId, amount, paymentMethod: 'pm_card_visa' }),
    ).rejects.toMatchObject(changed);
    expect(await order.record()).toMatchObject({ provider: 'stripe' });
  });
});
