import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createCustomerIds } from '../../../shared/adapters/dynamodb/provider-customers.ts';
import { createUserDirectory, userKey } from '../../../shared/adapters/dynamodb/user-directory.ts';
import { createFindCustomer, type FindCustomer } from '../../../shared/payments/payment-customers.ts';
import { aUser } from '../../support/builders/user.ts';
import { startDynamo, type TestDynamo } from '../../support/dynamo.ts';
import { type StripeOverNetwork, stripeOverNetwork } from '../../support/stripe-network.ts';

let dynamo: TestDynamo;
let stripe: StripeOverNetwork;
let find: FindCustomer;
let userId: string;
let count = 0;

beforeAll(async () => {
  dynamo = await startDynamo('users');
});
afterAll(() => dynamo.stop());
beforeEach(async () => {
  stripe = stripeOverNetwork();
  const users = dynamo.table('users');
  find = createFindCustomer(stripe.customers, createCustomerIds(dynamo.client, users));
  count += 1;
  userId = `user-${count}`;
  await dynamo.client.send(
    new PutCommand({ TableName: users, Item: { ...userKey(userId), ...aUser({ userId }) } }),
  );
});
afterEach(() => vi.unstubAllGlobals());

const amount = { amount: 1999, currency: 'USD' };
const pay = (orderId: string, customerId: string | undefined, paymentMethod = 'pm_1TypedInByAnn') =>
  stripe.provider.authorize({ orderId, amount, paymentMethod, attempt: 1, customerId });

describe('a customer at Stripe', () => {
  test('is known by our id of the user, and by nothing else', async () => {
    const id = await find(userId);
    expect(stripe.double.customers()).toMatchObject([{ id, metadata: { userId } }]);
    const sent = stripe.double.seen.map(({ body }) => body);
    expect(sent).toEqual([`metadata[userId]=${userId}`]);
    const user = await createUserDirectory(dynamo.client, dynamo.table('users')).find(userId);
    expect(user).toMatchObject({ providerCustomerId: id });
  });

  test('is one for two checkouts at once', async () => {
    const [one, other] = await Promise.all([find(userId), find(userId)]);
    expect(one).toBe(other);
    expect(stripe.double.customers()).toHaveLength(1);
  });

  test('stays the first one when another was made, as after a day', async () => {
    const first = await find(userId);
    stripe.pass(25 * 60 * 60 * 1000);
    expect(await find(userId)).toBe(first);
  });

  test('is made though Stripe keeps to a failure', async () => {
    stripe.next('customer', 500);
    await expect(find(userId)).rejects.toMatchObject({ name: 'TransientError' });
    expect(await find(userId)).toMatch(/^cus_/);
  });

  test('does not bring an erased account back', async () => {
    await find('nobody');
    const { Item } = await dynamo.client.send(
      new GetCommand({ TableName: dynamo.table('users'), Key: userKey('nobody') }),
    );
    expect(Item).toBeUndefined();
  });
});

describe('a card that was typed in', () => {
  test('pays the second order of its customer as well', async () => {
    const customerId = await find(userId);
    expect(await pay('order-1', customerId)).toMatchObject({ status: 'authorized' });
    expect(await pay('order-2', customerId)).toMatchObject({ status: 'authorized' });
  });

  test('that may not be used again is declined, not an error of ours', async () => {
    expect(await pay('order-1', undefined)).toMatchObject({ status: 'authorized' });
    expect(await pay('order-2', undefined)).toMatchObject({ status: 'declined' });
    expect(stripe.double.ledger('order-2')).toMatchObject({ authorizations: 0, held: 0 });
  });

  test('does not pay for another customer', async () => {
    await pay('order-1', await find(userId));
    const other = await stripe.customers.create('somebody-else');
    expect(await pay('order-2', other)).toMatchObject({ status: 'declined' });
  });

  test('pays though its customer is gone at Stripe, as after a change of the account', async () => {
    expect(await pay('order-1', 'cus_of_another_account')).toMatchObject({ status: 'authorized' });
    const lost = { orderId: 'order-1', amount, paymentId: undefined, customerId: 'cus_of_another_account' };
    expect(await stripe.provider.void(lost)).toBe('voided');
    expect(stripe.double.intentsOf('order-1')).toHaveLength(1);
  });

  test('is found by an undo that lost every answer', async () => {
    const customerId = await find(userId);
    stripe.next('confirm', 'lose-answer');
    await expect(pay('order-1', customerId)).rejects.toMatchObject({ name: 'TransientError' });
    const lost = { orderId: 'order-1', amount, paymentId: undefined, customerId };
    expect(await stripe.provider.void(lost)).toBe('voided');
    expect(stripe.double.ledger('order-1')).toMatchObject({ held: 0 });
  });
});
