import { describe, expect, test, vi } from 'vitest';
import { logger } from '../../../shared/observability/logger.ts';
import { type StripeOrder, withStripeOrders } from '../../support/stripe-shop.ts';

let order: StripeOrder;
withStripeOrders((fresh) => {
  order = fresh;
});

const paymentId = () => order.double.intentsOf(order.orderId)[0]?.id ?? '';
const last = () => order.double.events().at(-1) ?? expect.fail('Stripe has sent nothing');

/** An intent that somebody else makes at the same account. */
function foreignIntent(metadata: string) {
  const { body } = order.double.handle({
    method: 'POST',
    path: '/v1/payment_intents',
    headers: { Authorization: 'Bearer sk_test_double' },
    body: `amount=700&currency=usd&capture_method=manual&confirm=true&payment_method=pm_card_visa${metadata}`,
  });
  return JSON.parse(body).id as string;
}

describe('a payment that is not ours', () => {
  test('is left alone', async () => {
    const id = foreignIntent('');
    expect(await order.reconcile(id)).toMatchObject({ reconciled: 'foreign' });
    expect(order.double.intentLedger(id)).toMatchObject({ held: 700 });
  });

  test('nor is one of another stage’s order', async () => {
    const id = foreignIntent('&metadata[orderId]=order-of-another-stage');
    expect(await order.reconcile(id)).toMatchObject({ reconciled: 'foreign' });
    expect(order.double.intentLedger(id)).toMatchObject({ held: 700 });
  });

  test('nor is one that Stripe does not know', async () => {
    expect(await order.reconcile('pi_nobody')).toMatchObject({ reconciled: 'foreign' });
  });
});

describe('a second payment of one order', () => {
  test('is let go of, and the first stays', async () => {
    await order.authorize();
    const second = foreignIntent(`&metadata[orderId]=${order.orderId}`);
    expect(await order.reconcile(second)).toMatchObject({ reconciled: 'returned' });
    expect(order.double.intentLedger(second)).toMatchObject({ held: 0 });
    expect(order.double.intentLedger(paymentId())).toMatchObject({ held: order.amount.amount });
  });
});

describe('a refund of ours that the bank sends back', () => {
  const refunded = async () => {
    await order.authorize();
    await order.capture();
    await order.undo();
    await order.showRefund();
    await order.deliverAll();
  };
  const sendBack = async () => {
    const refund = order.double.refunds().at(-1);
    order.double.settleRefund(refund?.id ?? '', 'failed');
    await order.deliverAll();
  };

  test('is made again on the same day', async () => {
    await refunded();
    await sendBack();
    expect(order.double.refunds()).toHaveLength(2);
    expect(order.money()).toMatchObject({ held: 0, net: 0 });
    expect(await order.shown()).toMatchObject({ refunded: order.amount });
  });

  test('is told to the staff once it has come back three times', async () => {
    await refunded();
    for (let times = 0; times < 3; times += 1) await sendBack();
    expect(order.double.refunds()).toHaveLength(3);
    expect(await order.shown()).not.toHaveProperty('refunded');
    const managers = order.notified.filter(({ role }) => role === 'Manager');
    expect(managers.map(({ data }) => 'happened' in data && data.happened)).toEqual([
      'refund_failed',
      'refund_refused',
    ]);
  });
});

describe('the log of an event', () => {
  test('names the order, which the event does not', async () => {
    const info = vi.spyOn(logger, 'info').mockReturnValue(undefined);
    await order.authorize();
    await order.capture();
    order.double.dashboard.refund(paymentId(), 500);
    await order.deliver(last());
    const { orderId } = order;
    expect(info).toHaveBeenCalledWith(
      'payment event',
      expect.objectContaining({ orderId, paymentId: paymentId(), reconciled: 'told' }),
    );
    info.mockRestore();
  });
});

describe('the same twice', () => {
  test('is two entries and two alerts', async () => {
    await order.authorize();
    await order.capture();
    for (let times = 0; times < 2; times += 1) {
      const refund = order.double.dashboard.refund(paymentId(), 500);
      await order.deliverAll();
      order.double.settleRefund(refund.id, 'failed');
      await order.deliverAll();
    }
    const managers = order.notified.filter(({ role }) => role === 'Manager');
    expect(managers.map(({ data }) => 'happened' in data && data.happened)).toEqual([
      'refunded',
      'refund_failed',
      'refunded',
      'refund_failed',
    ]);
    expect(new Set(managers.map(({ notificationId }) => notificationId)).size).toBe(4);
  });
});

describe('a payment that names our order', () => {
  test('for another amount is given back and told, and the order goes on', async () => {
    order.next('confirm', 'lose-request');
    await expect(order.authorize()).rejects.toMatchObject({ name: 'TransientError' });
    const small = foreignIntent(`&metadata[orderId]=${order.orderId}`);
    expect(await order.reconcile(small)).toMatchObject({ reconciled: 'returned' });
    expect(order.double.intentLedger(small)).toMatchObject({ held: 0, net: 0 });
    expect(order.notified).toMatchObject([{ role: 'Manager', data: { happened: 'wrong_amount' } }]);
    await order.authorize();
    await order.capture();
    expect(order.money()).toMatchObject({ held: 0, net: order.amount.amount });
  });

  test('and is of another shop in an amount that we have no number for is left alone', async () => {
    const { body } = order.double.handle({
      method: 'POST',
      path: '/v1/payment_intents',
      headers: { authorization: 'Bearer sk_test_double' },
      body: 'amount=550&currency=isk&capture_method=manual',
    });
    expect(await order.reconcile(JSON.parse(body).id)).toMatchObject({ reconciled: 'foreign' });
  });
});

describe('an event', () => {
  test('that cannot be dealt with now is dealt with when it is delivered again', async () => {
    order.next('confirm', 'lose-answer');
    await expect(order.authorize()).rejects.toMatchObject({ name: 'TransientError' });
    order.next('retrieve', 503);
    await expect(order.deliver(last())).rejects.toMatchObject({ name: 'TransientError' });
    await order.deliver(last());
    expect(await order.record()).toMatchObject({ status: 'authorized' });
  });

  test('that was dealt with costs no look at Stripe', async () => {
    await order.authorize();
    await order.deliver(last());
    const looked = order.count('retrieve');
    await order.deliver(last());
    expect(order.count('retrieve')).toBe(looked);
  });

  test('that died between order and trail is told when it is delivered again', async () => {
    await order.authorize();
    await order.capture();
    order.double.dashboard.refund(paymentId(), 500);
    order.failNextAlert();
    await expect(order.deliver(last())).rejects.toThrow('topic');
    await order.deliver(last());
    await order.deliver(last());
    expect(await order.shown()).toMatchObject({ refunded: { amount: 500, currency: 'USD' } });
    expect((await order.trail()).filter((action) => action.startsWith('payment.'))).toEqual([
      'payment.refunded_500',
    ]);
    expect(order.notified.map(({ role }) => role)).toEqual(['Manager']);
  });

  test('with an older view of the payment does not overwrite a newer one', async () => {
    await order.authorize();
    await order.capture();
    order.double.dashboard.refund(paymentId(), 500);
    const first = last();
    order.double.dashboard.refund(paymentId(), 300);
    await order.deliver(last());
    await order.deliver(first);
    expect(await order.shown()).toMatchObject({ refunded: { amount: 800, currency: 'USD' } });
  });
});
