import { describe, expect, test } from 'vitest';
import { type StripeOrder, withStripeOrders } from '../../support/stripe-shop.ts';

// The cells of the matrix in docs/payments.md, by the names that it gives them. Each is played against the Stripe
// adapter and real payment records; the double's ledger tells what became of the money.
let order: StripeOrder;
withStripeOrders((fresh) => {
  order = fresh;
});

const free = { held: 0, net: 0 };
const transient = { name: 'TransientError' };
const undone = { name: 'PaymentUndoneError' };
const paid = async (paymentMethod?: string) => {
  await order.authorize(paymentMethod);
  await order.capture();
};
const paymentId = () => order.double.intentsOf(order.orderId)[0]?.id ?? '';

describe('authorize', () => {
  test('a card that says no holds nothing, and is not asked again', async () => {
    expect(await order.authorize('pm_card_visa_chargeDeclined')).toMatchObject({ status: 'declined' });
    expect(await order.authorize('pm_card_visa')).toMatchObject({ status: 'declined' });
    await order.undo();
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, authorizations: 0 });
  });

  test('an authorization holds the total and is written down', async () => {
    expect(await order.authorize()).toMatchObject({ status: 'authorized' });
    expect(await order.record()).toMatchObject({ status: 'authorized', paymentId: paymentId() });
    expect(order.money()).toMatchObject({ held: order.amount.amount, captured: 0 });
  });

  test('an authorization whose answer is lost is found by the next attempt', async () => {
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    expect(await order.authorize()).toMatchObject({ status: 'authorized' });
    expect(order.money()).toMatchObject({ authorizations: 1, held: order.amount.amount });
  });

  test('two attempts at once authorize once and answer alike', async () => {
    const both = await Promise.all([order.authorize(), order.authorize()]);
    expect(both).toMatchObject([{ status: 'authorized' }, { status: 'authorized' }]);
    await order.deliverAll();
    await order.deliverAll();
    expect(order.money()).toMatchObject({ authorizations: 1, held: order.amount.amount });
  });

  test('a decline that comes after the order was given up changes nothing', async () => {
    order.next('confirm', 'delay');
    await expect(order.authorize('pm_card_visa_chargeDeclined')).rejects.toMatchObject(transient);
    // The card says no after the undo has read the intent, and is told of after the undo.
    order.before('cancel', async () => {
      expect(order.land()).toMatchObject([{ status: 402 }]);
    });
    await order.undo();
    expect(order.double.events().map(({ type }) => type)).toContain('payment_intent.payment_failed');
    await order.deliverAll();
    expect(await order.record()).toMatchObject({ status: 'authorizing', undo: 'done' });
    await expect(order.authorize('pm_card_visa')).rejects.toMatchObject(undone);
    expect(order.money()).toMatchObject({ ...free, authorizations: 0 });
    expect(order.double.intentsOf(order.orderId)).toMatchObject([{ status: 'canceled' }]);
  });

  test('an authorization that arrives after the order was given up meets a canceled intent', async () => {
    order.next('confirm', 'delay');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    await order.undo();
    expect(order.land()).toMatchObject([{ status: 400 }]);
    await expect(order.authorize()).rejects.toMatchObject(undone);
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, authorizations: 0 });
  });
});

describe('authorize, told by an event', () => {
  test('an authorization that arrives while the order waits is accepted', async () => {
    order.next('confirm', 'delay');
    await expect(order.authorize()).rejects.toMatchObject(transient);
    order.land();
    await order.deliverAll();
    expect(await order.record()).toMatchObject({ status: 'authorized', paymentId: paymentId() });
    expect(await order.authorize()).toMatchObject({ status: 'authorized', paymentId: paymentId() });
    expect(order.money()).toMatchObject({ authorizations: 1, held: order.amount.amount });
  });

  test('an authorization that an undo has missed is returned', async () => {
    await order.authorize();
    // What only a defect or a lost write brings about: the record says that it is over, the money is held.
    await order.records.beginUndo(order.orderId);
    await order.records.endUndo(order.orderId, undefined);
    await order.deliverAll();
    expect(order.money()).toMatchObject(free);
  });

  test('a card is not asked by an attempt that the undo has overtaken', async () => {
    order.before('create', () => order.undo());
    await expect(order.authorize()).rejects.toMatchObject(undone);
    expect(order.money()).toMatchObject({ ...free, authorizations: 0 });
  });

  test('an authorization that the undo overtakes on its way is canceled', async () => {
    order.before('confirm', () => order.undo());
    await expect(order.authorize()).rejects.toMatchObject(undone);
    expect(order.money()).toMatchObject({ ...free, authorizations: 0 });
  });
});

describe('capture', () => {
  test('a capture of what has lapsed is refused and takes nothing', async () => {
    await order.authorize();
    order.pass(7 * 24 * 60 * 60 * 1000);
    await expect(order.capture()).rejects.toMatchObject({ name: 'CaptureRefusedError' });
    await order.undo();
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, captured: 0 });
  });

  test('a capture takes exactly the total and is written down', async () => {
    await paid();
    expect(await order.record()).toMatchObject({ status: 'captured' });
    expect(order.money()).toMatchObject({ held: 0, net: order.amount.amount });
  });

  test('a capture whose answer is lost is found by the next attempt', async () => {
    await order.authorize();
    order.next('capture', 'lose-answer');
    await expect(order.capture()).rejects.toMatchObject(transient);
    await order.capture();
    expect(await order.record()).toMatchObject({ status: 'captured' });
    expect(order.money()).toMatchObject({ captured: order.amount.amount, net: order.amount.amount });
  });

  test('two captures at once take the total once', async () => {
    await order.authorize();
    await Promise.all([order.capture(), order.capture()]);
    await order.deliverAll();
    expect(order.money()).toMatchObject({ captured: order.amount.amount, net: order.amount.amount });
  });

  test('a capture that arrives after the undo is refused', async () => {
    await order.authorize();
    order.next('capture', 'delay');
    await expect(order.capture()).rejects.toMatchObject(transient);
    await order.undo();
    expect(order.land()).toMatchObject([{ status: 400 }]);
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, captured: 0, canceled: order.amount.amount });
  });

  test('a capture that arrives during the undo is refunded', async () => {
    await order.authorize();
    order.next('capture', 'delay');
    await expect(order.capture()).rejects.toMatchObject(transient);
    order.before('cancel', async () => {
      order.land();
    });
    await order.undo();
    expect(await order.record()).toMatchObject({ undo: 'done', refunded: order.amount });
    expect(order.money()).toMatchObject({ ...free, captured: order.amount.amount });
  });
});

describe('void', () => {
  test('a void of what is captured becomes a refund', async () => {
    await order.authorize();
    order.double.dashboard.capture(paymentId());
    await order.undo();
    expect(await order.record()).toMatchObject({ undo: 'done', refunded: order.amount });
    expect(order.money()).toMatchObject({ ...free, refunded: order.amount.amount });
  });

  test('a void lets the reservation go and refunds nothing', async () => {
    await order.authorize();
    await order.undo();
    expect(await order.record()).toMatchObject({ undo: 'done' });
    expect(order.money()).toMatchObject({ ...free, captured: 0, refunded: 0, canceled: order.amount.amount });
  });

  test('a void whose answer is lost is done by the next attempt', async () => {
    await order.authorize();
    order.next('cancel', 'lose-answer');
    await expect(order.undo()).rejects.toMatchObject(transient);
    expect(await order.record()).toMatchObject({ undo: 'started' });
    await order.undo();
    expect(await order.record()).toMatchObject({ undo: 'done' });
    expect(order.money()).toMatchObject(free);
  });

  test('two voids at once are one', async () => {
    await order.authorize();
    await Promise.all([order.undo(), order.undo()]);
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, canceled: order.amount.amount });
  });

  test('a void that arrives after a capture is refused, and the undo refunds', async () => {
    await order.authorize();
    order.next('cancel', 'delay');
    await expect(order.undo()).rejects.toMatchObject(transient);
    order.double.dashboard.capture(paymentId());
    expect(order.land()).toMatchObject([{ status: 400 }]);
    await order.undo();
    expect(order.money()).toMatchObject({ ...free, refunded: order.amount.amount });
  });

  test('a void that arrives late finds the work done', async () => {
    await order.authorize();
    order.next('cancel', 'delay');
    await expect(order.undo()).rejects.toMatchObject(transient);
    await order.undo();
    order.land();
    await order.deliverAll();
    expect(order.money()).toMatchObject({ ...free, canceled: order.amount.amount });
  });
});

describe('refund', () => {
  test('a refund that Stripe refuses leaves the undo open, and the staff are told why', async () => {
    await paid();
    order.double.dispute(paymentId());
    await expect(order.undo()).rejects.toMatchObject({ name: 'RefundRefusedError' });
    await order.deliverAll();
    expect(await order.record()).toMatchObject({ undo: 'started' });
    expect(await order.shown()).toMatchObject({ disputed: true });
    expect(order.notified).toMatchObject([
      { type: 'payment_alert', role: 'Manager', data: { happened: 'disputed' } },
    ]);
  });

  test('a refund gives all back and says how much', async () => {
    await paid();
    await order.undo();
    await order.deliverAll();
    expect(await order.record()).toMatchObject({ undo: 'done', refunded: order.amount });
    expect(order.money()).toMatchObject({ ...free, refunded: order.amount.amount });
    expect(order.notified).toEqual([]);
  });

  test('a refund whose answer is lost is found by the next attempt', async () => {
    await paid();
    order.next('refund', 'lose-answer');
    await expect(order.undo()).rejects.toMatchObject(transient);
    await order.undo();
    expect(order.double.refunds()).toHaveLength(1);
    expect(await order.record()).toMatchObject({ undo: 'done', refunded: order.amount });
  });

  test('two refunds at once are one', async () => {
    await paid();
    await Promise.all([order.undo(), order.undo()]);
    await order.deliverAll();
    expect(order.double.refunds()).toHaveLength(1);
    expect(order.money()).toMatchObject(free);
  });

  test('a refund that the bank sends back is made again', async () => {
    await paid('pm_card_visa');
    await order.undo();
    const [refund] = order.double.refunds();
    order.double.settleRefund(refund?.id ?? '', 'failed');
    await order.deliverAll();
    expect(order.double.refunds()).toHaveLength(2);
    expect(order.money()).toMatchObject(free);
    expect(await order.shown()).toMatchObject({ refunded: order.amount });
  });

  test('a refund that arrives late is not done twice', async () => {
    await paid();
    order.next('refund', 'delay');
    await expect(order.undo()).rejects.toMatchObject(transient);
    await order.undo();
    order.land();
    await order.deliverAll();
    expect(order.double.refunds()).toHaveLength(1);
    expect(order.money()).toMatchObject({ ...free, refunded: order.amount.amount });
  });
});
