import { deepEqual, equal, ok } from 'node:assert/strict';
import type { DeployedStage } from './deployed-stage.ts';
import type { Report } from './report.ts';
import { runDays } from './run-days.ts';
import { type Customer, eventually, expectStatus, one, type Shopper } from './shopper.ts';

const pay = (token: string) => ({ paymentMethod: { token } });

/** Orders of the customer that later checks look at again. */
export interface CheckedOrders {
  readonly paid: string;
  /** Held, approved and paid then. */
  readonly held: string;
}

/** Orders of one customer through the checkout of a deployed stage, and what follows from them. */
export async function checkOrders(
  report: Report,
  stage: DeployedStage,
  shopper: Shopper,
  customer: Customer,
): Promise<CheckedOrders> {
  const { call } = stage;
  let [paidOrder, heldOrder] = ['', ''];
  const { manager, newProduct, placed, place, until, ended, stockBecomes } = shopper;
  const check = (name: string, work: () => Promise<void>) => report.check(`${stage.name}: ${name}`, work);

  await check('an order is paid, its stock sold, its run and its audit trail told', async () => {
    const productId = await newProduct();
    const orderId = await placed(customer, one(productId, 2));
    paidOrder = orderId;
    const paid = await ended(orderId, 'Paid');
    equal(paid.pricing.total.amount, 2000);
    deepEqual([paid.paymentInfo.provider, paid.paymentInfo.last4], ['sandbox', '4242']);
    await stockBecomes(productId, [8, 8]);
    const progress = await call('GET', `/order/${orderId}/checkout`, { token: customer.token });
    expectStatus(progress, 200);
    const states = progress.json.states.map(({ name }: { name: string }) => name);
    ok(states.includes('ProcessPayment'), `states: ${states}`);
    const audit = await call('GET', `/order/${orderId}/audit`, { token: manager });
    expectStatus(audit, 200);
    const actions = audit.json.items.map(({ action }: { action: string }) => action);
    deepEqual(actions.toSorted(), ['order.created', 'order.paid']);
  });

  await check('the same order sent again under its key is the same order', async () => {
    const body = one(await newProduct());
    const key = crypto.randomUUID();
    const first = await place(customer, body, key);
    const again = await place(customer, body, key);
    expectStatus(again, 202);
    equal(again.json.orderId, first.json.orderId);
    equal(again.headers.get('idempotency-replayed'), 'true');
    await ended(first.json.orderId, 'Paid');
  });

  await check('a declined payment fails the order and gives the stock back', async () => {
    const productId = await newProduct();
    const orderId = await placed(customer, { ...one(productId, 3), ...pay('pm_card_visa_chargeDeclined') });
    equal((await ended(orderId, 'Failed')).failure.code, 'payment_declined');
    await stockBecomes(productId, [10, 10]);
  });

  await check('an order beyond the stock fails uncharged', async () => {
    const orderId = await placed(customer, one(await newProduct(1), 2));
    const failed = await ended(orderId, 'Failed');
    deepEqual([failed.failure.code, failed.paymentInfo.attempts], ['out_of_stock', 0]);
  });

  await check('a payment provider that fails once is asked again', async () => {
    const orderId = await placed(customer, { ...one(await newProduct()), ...pay('pm_flaky_1') });
    equal((await ended(orderId, 'Paid')).paymentInfo.attempts, 2);
  });

  await check('a suspected order is held, and paid once a Manager approves it', async () => {
    const productId = await newProduct();
    const orderId = await placed(customer, { ...one(productId), ...pay('pm_card_riskLevelElevated') });
    heldOrder = orderId;
    equal((await until(orderId, 'OnHold')).flags.fraudFlag, true);
    await stockBecomes(productId, [10, 9]);
    const body = { reason: 'looked at it' };
    expectStatus(await call('POST', `/order/${orderId}/approve`, { token: customer.token, body }), 403);
    expectStatus(await call('POST', `/order/${orderId}/approve`, { token: manager, body }), 202);
    await ended(orderId, 'Paid');
    await stockBecomes(productId, [9, 9]);
  });

  await check('a suspected order that a Manager rejects fails uncharged', async () => {
    const productId = await newProduct();
    const orderId = await placed(customer, { ...one(productId), ...pay('pm_card_riskLevelElevated') });
    await until(orderId, 'OnHold');
    const body = { reason: 'a stolen card' };
    expectStatus(await call('POST', `/order/${orderId}/reject`, { token: manager, body }), 202);
    equal((await ended(orderId, 'Failed')).failure.code, 'review_rejected');
    await stockBecomes(productId, [10, 10]);
  });

  await check('a checkout waits for the profile and goes on when it is saved', async () => {
    const newcomer = await shopper.newCustomer({ withProfile: false });
    const orderId = await placed(newcomer, one(await newProduct()));
    await until(orderId, 'AwaitingProfile');
    expectStatus(await shopper.saveDetails(newcomer), 200);
    equal((await ended(orderId, 'Paid')).address.label, 'home');
  });

  await check('a paid order that is cancelled is refunded and its stock is back', async () => {
    // Somebody else: prod holds what one customer orders beyond a number of orders an hour.
    const other = await shopper.newCustomer({ withProfile: true });
    const productId = await newProduct();
    const orderId = await placed(other, one(productId));
    await ended(orderId, 'Paid');
    const body = { reason: 'changed my mind' };
    expectStatus(await call('POST', `/order/${orderId}/cancel`, { token: other.token, body }), 202);
    equal((await until(orderId, 'Cancelled')).paymentInfo.refunded.amount, 1000);
    await stockBecomes(productId, [10, 10]);
  });

  await check('orders are counted out of the table’s stream for the report', async () => {
    const [from, to] = runDays();
    const path = `/order/report?from=${from}&to=${to}&groupBy=status`;
    await eventually('the report’s count', async () => {
      const answer = await call('GET', path, { token: manager });
      expectStatus(answer, 200);
      return { found: answer.text.includes('Paid') || undefined, seen: answer.text };
    });
  });
  return { paid: paidOrder, held: heldOrder };
}
